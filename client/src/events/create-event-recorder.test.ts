import { forbidden, internalError, serviceUnavailable } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { createClient } from '../rest/create-client.ts';
import { createMemoryApi } from '../testing/memory-api.ts';
import { testEnvironment } from '../testing/test-environment.ts';
import type { CoreEvent } from './core-event.ts';
import { createEventRecorder } from './create-event-recorder.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '5' },
};

function setUp() {
  const api = createMemoryApi();
  const environment = testEnvironment();
  const client = createClient(api.transport, { clock: environment.clock });
  const recorder = createEventRecorder({ client, environment }, { component: 'kubelet', host: 'node-1' });
  const written = () => api.list<CoreEvent>('events');
  return { api, client, environment, recorder, written };
}

describe('event recorder', () => {
  it('writes who says what about which part of which object', async () => {
    const { recorder, written } = setUp();
    recorder.event(pod, 'Normal', 'Pulled', 'image is there', { fieldPath: 'spec.containers{web}' });
    await recorder.stop();
    const [event] = written();
    expect(event?.metadata?.namespace).to.equal('shop');
    expect(event?.metadata?.name).to.match(/^web\.[0-9a-f]{16}$/);
    expect(event?.involvedObject).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      resourceVersion: '5',
      fieldPath: 'spec.containers{web}',
    });
    expect(event?.source).to.deep.equal({ component: 'kubelet', host: 'node-1' });
    expect(event?.lastTimestamp).to.equal('2026-01-01T00:00:00Z');
  });

  it('counts up instead of writing again, and writes again what was deleted', async () => {
    const { api, environment, recorder, written } = setUp();
    recorder.event(pod, 'Warning', 'BackOff', 'again');
    await environment.clock.advance(5000);
    recorder.event(pod, 'Warning', 'BackOff', 'again');
    await environment.clock.settle();
    expect(written().map(({ count, lastTimestamp }) => [count, lastTimestamp])).to.deep.equal([
      [2, '2026-01-01T00:00:05Z'],
    ]);
    api.remove('events', written()[0]?.metadata?.name ?? '', 'shop');
    recorder.event(pod, 'Warning', 'BackOff', 'again');
    await recorder.stop();
    expect(written().map(({ count }) => count)).to.deep.equal([3]);
  });

  it('names events unlike those of another that speaks at the same time of what has the same name', async () => {
    const { client, environment, recorder, written } = setUp();
    const other = createEventRecorder({ client, environment }, { component: 'deployment-controller' });
    recorder.event(pod, 'Normal', 'Pulled', 'image is there');
    other.event({ ...pod, kind: 'Deployment' }, 'Normal', 'ScalingReplicaSet', 'scaled up');
    await Promise.all([recorder.stop(), other.stop()]);
    expect(written().map(({ reason }) => reason)).to.have.members(['Pulled', 'ScalingReplicaSet']);
  });

  it('holds events while the server is away', async () => {
    const { api, environment, recorder, written } = setUp();
    api.intercept = () => {
      throw serviceUnavailable('down');
    };
    recorder.event(pod, 'Normal', 'Pulled', 'one');
    await environment.clock.advance(15_000);
    api.intercept = undefined;
    await environment.clock.advance(20_000);
    expect(written()).to.have.length(1);
    await recorder.stop();
  });

  it('gives up what the server refuses', async () => {
    const { api, recorder } = setUp();
    api.intercept = () => {
      throw forbidden({ group: '', resource: 'events' }, 'web', 'the namespace is being terminated');
    };
    recorder.event(pod, 'Normal', 'Pulled', 'one');
    await recorder.stop();
    expect(api.requests).to.have.length(1);
  });

  it('goes on with the next where the server fails one', async () => {
    const { api, recorder, written } = setUp();
    api.intercept = () => {
      api.intercept = undefined;
      throw internalError('failed calling webhook');
    };
    recorder.event(pod, 'Normal', 'Pulled', 'one');
    recorder.event(pod, 'Normal', 'Created', 'two');
    await recorder.stop();
    expect(written().map(({ reason }) => reason)).to.deep.equal(['Created']);
  });

  it('puts events about cluster-scoped objects into default', async () => {
    const { recorder, written } = setUp();
    recorder.event({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }, 'Normal', 'NodeReady', 'ready');
    await recorder.stop();
    expect(written()[0]?.metadata?.namespace).to.equal('default');
  });
});
