import { expect } from 'chai';
import { nextTurn, turnMax } from './turns.ts';

const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('let so many go on at a time, in the order they came, and what else happens between', async () => {
    const told: (number | string)[] = [];
    const all = Array.from({ length: turnMax + 2 }, (_, index) => nextTurn().then(() => told.push(index)));
    expect(told).to.deep.equal([]);
    await oneTurn();
    told.push('a request');
    await Promise.all(all);
    const first = Array.from({ length: turnMax }, (_, index) => index);
    expect(told).to.deep.equal([...first, 'a request', turnMax, turnMax + 1]);
  });
});
