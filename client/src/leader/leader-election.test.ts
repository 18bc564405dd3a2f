import { serviceUnavailable } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { createClient } from '../rest/create-client.ts';
import { createMemoryApi } from '../testing/memory-api.ts';
import { testEnvironment } from '../testing/test-environment.ts';
import { startLeaderElection } from './leader-election.ts';
import type { ElectionLease } from './lease-lock.ts';

const lease = { namespace: 'kube-system', name: 'kube-scheduler' };

function setUp() {
  const api = createMemoryApi();
  const environment = testEnvironment();
  const client = createClient(api.transport, { clock: environment.clock });
  const leading = new Set<string>();
  const stand = (identity: string) =>
    startLeaderElection(
      { client, environment },
      {
        lease,
        identity,
        lead: (signal) => {
          leading.add(identity);
          return new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              leading.delete(identity);
              resolve();
            });
          });
        },
      },
    );
  const holder = () => api.get<ElectionLease>('leases.coordination.k8s.io', lease.name, lease.namespace)?.spec;
  return { api, clock: environment.clock, leading, stand, holder };
}

describe('leader election', () => {
  it('lets one of two lead, and the other after it has stopped', async () => {
    const { clock, leading, stand, holder } = setUp();
    const one = await stand('one');
    await clock.settle();
    const two = await stand('two');
    await clock.advance(60_000);
    expect([...leading]).to.deep.equal(['one']);
    expect(holder()?.leaseTransitions).to.equal(0);
    await one.stop();
    expect(holder()?.holderIdentity).to.equal('');
    await clock.advance(5_000);
    expect([...leading]).to.deep.equal(['two']);
    expect(holder()?.leaseTransitions).to.equal(1);
    await two.stop();
  });

  it('stops the work of a leader that cannot renew, before another may begin', async () => {
    const { api, clock, leading, stand } = setUp();
    const one = await stand('one');
    await clock.advance(3_000);
    api.intercept = () => {
      throw serviceUnavailable('down');
    };
    await clock.advance(8_000);
    expect([...leading]).to.deep.equal(['one']);
    await clock.advance(5_000);
    expect([...leading]).to.deep.equal([]);
    api.intercept = undefined;
    await clock.advance(5_000);
    expect([...leading]).to.deep.equal(['one']);
    await one.stop();
  });

  it('takes a lease over that its holder has left to expire, by its own clock', async () => {
    const { api, clock, leading, stand, holder } = setUp();
    api.put('leases.coordination.k8s.io', {
      metadata: lease,
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' },
    } as ElectionLease);
    const one = await stand('one');
    await clock.advance(14_000);
    expect([...leading]).to.deep.equal([]);
    await clock.advance(6_000);
    expect([...leading]).to.deep.equal(['one']);
    expect(holder()?.leaseTransitions).to.equal(1);
    await one.stop();
  });
});
