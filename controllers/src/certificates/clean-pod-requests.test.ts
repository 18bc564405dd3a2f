import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { startPodCertificateRequestCleaner } from './clean-pod-requests.ts';

describe('pod certificate request cleaner', () => {
  it('deletes a request, and only that one, a quarter of an hour after it was made', async () => {
    const clock = createVirtualClock();
    const creationTimestamp = new Date(clock.now()).toISOString();
    const request = { metadata: { name: 'r', namespace: 'ns', uid: 'u', creationTimestamp } };
    const deleted: unknown[] = [];
    const delays: number[] = [];
    let reconcile: (key: string) => Promise<void> = async () => {};
    startPodCertificateRequestCleaner({
      clock,
      client: { delete: async (...args: unknown[]) => void deleted.push(args.slice(1)) },
      informers: { for: () => ({ addHandler() {}, lister: { get: () => request } }) },
      loop: (options: { reconcile: typeof reconcile }) => {
        reconcile = options.reconcile;
        return { addAfter: (_key: string, ms: number) => delays.push(ms) };
      },
    } as never);
    await reconcile('ns/r');
    expect([delays, deleted]).to.deep.equal([[900_000], []]);
    await clock.advance(900_000);
    await reconcile('ns/r');
    expect(deleted).to.deep.equal([[{ name: 'r', namespace: 'ns' }, { preconditions: { uid: 'u' } }]]);
  });
});
