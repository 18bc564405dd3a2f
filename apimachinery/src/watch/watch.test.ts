import { expect } from 'chai';
import { BoundedQueue, endsInitialEvents, filteredType } from './index.ts';

async function drain<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of queue) items.push(...batch);
  return items;
}

describe('bounded queue', () => {
  it('hands over everything in order, in batches', async () => {
    const queue = new BoundedQueue<number>(10);
    const drained = drain(queue);
    queue.offer(1);
    queue.offer(2);
    await Promise.resolve();
    queue.offer(3);
    queue.close();
    expect(await drained).to.deep.equal([1, 2, 3]);
    expect(queue.offer(4)).to.equal(false);
  });

  it('ends rather than skips when it is full', async () => {
    const queue = new BoundedQueue<number>(2);
    expect([queue.offer(1), queue.offer(2), queue.offer(3), queue.offer(4)]).to.deep.equal([true, true, false, false]);
    const seen: number[] = [];
    let failure: unknown;
    try {
      for await (const batch of queue) seen.push(...batch);
    } catch (error) {
      failure = error;
    }
    expect(seen).to.deep.equal([1, 2]);
    expect(failure).to.have.property('name', 'QueueOverflowError');
  });

  it('takes nothing more once its consumer has left', async () => {
    const queue = new BoundedQueue<number>(2);
    queue.offer(1);
    for await (const _ of queue) break;
    expect(queue.ended).to.equal(true);
    expect(queue.offer(2)).to.equal(false);
  });
});

describe('watch events', () => {
  it('follow the selector of the watcher', () => {
    expect(filteredType('MODIFIED', true, false)).to.equal('ADDED');
    expect(filteredType('MODIFIED', false, true)).to.equal('DELETED');
    expect(filteredType('MODIFIED', false, false)).to.equal(undefined);
    expect(filteredType('MODIFIED', true, true)).to.equal('MODIFIED');
    expect(filteredType('DELETED', false, false)).to.equal(undefined);
    expect(filteredType('ADDED', false, false)).to.equal(undefined);
  });

  it('mark the end of the initial ones', () => {
    const metadata = { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } };
    expect(endsInitialEvents({ type: 'BOOKMARK', object: { metadata } })).to.equal(true);
    expect(endsInitialEvents({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } })).to.equal(false);
  });
});
