import { expect } from 'chai';
import { nextRecord, noFailures, remainingBackoffMs } from './backoff.ts';
import { IndexSet } from './indexes.ts';
import { matchSuccessPolicy } from './success-policy.ts';

describe('index sets', () => {
  it('are written as upstream writes them', () => {
    expect(String(IndexSet.of([4, 3, 1, 7, 5, 9, 10]))).to.equal('1,3-5,7,9,10');
    expect(String(IndexSet.parse('0-2', 10).with([3, 5]))).to.equal('0-3,5');
    expect(String(IndexSet.empty)).to.equal('');
  });
  it('are cut at the completions', () => expect(String(IndexSet.parse('1,3-9,12', 6))).to.equal('1,3-5'));
  it('count, find and intersect', () => {
    const set = IndexSet.parse('1,3-5', 10);
    expect(set.total).to.equal(4);
    expect([0, 1, 2, 4, 6].map((index) => set.has(index))).to.deep.equal([false, true, false, true, false]);
    expect(set.overlap(IndexSet.parse('0-3', 10))).to.equal(2);
    expect(set.firstMissing(3, 8)).to.deep.equal([0, 2, 6]);
    expect(set.firstMissing(9, 7)).to.deep.equal([0, 2, 6]);
  });
});

describe('success policy', () => {
  const met = (rule: object, succeeded: string) =>
    matchSuccessPolicy({ rules: [rule] }, 10, IndexSet.parse(succeeded, 10));
  it('asks for all of the named indexes', () => {
    expect(met({ succeededIndexes: '0,2' }, '0-1')).to.equal(undefined);
    expect(met({ succeededIndexes: '0,2' }, '0-2')).to.equal('Matched rules at index 0');
  });
  it('or for a number of them', () => {
    expect(met({ succeededIndexes: '0-4', succeededCount: 2 }, '4,5')).to.equal(undefined);
    expect(met({ succeededIndexes: '0-4', succeededCount: 2 }, '3,4')).to.equal('Matched rules at index 0');
    expect(met({ succeededCount: 2 }, '8,9')).to.equal('Matched rules at index 0');
  });
});

describe('back-off of jobs', () => {
  const pod = (seconds: number) => ({ metadata: { creationTimestamp: new Date(seconds * 1000).toISOString() } });
  for (const [failures, seconds] of [
    [0, 0],
    [1, 10],
    [2, 20],
    [3, 40],
    [7, 600],
    [30, 600],
  ] as const) {
    it(`is ${seconds} s after ${failures} failures`, () => {
      expect(remainingBackoffMs({ failures, lastFailureMs: 5000 }, 5000)).to.equal(seconds * 1000);
    });
  }
  it('begins anew with a success', () => {
    const failed = nextRecord(noFailures, [], [pod(10), pod(20)]);
    expect(failed).to.deep.equal({ failures: 2, lastFailureMs: 20_000 });
    expect(nextRecord(failed, [pod(30)], [])).to.deep.equal(noFailures);
    expect(nextRecord(failed, [pod(30)], [pod(25), pod(40)])).to.deep.equal({ failures: 1, lastFailureMs: 40_000 });
  });
});
