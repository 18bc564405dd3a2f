import { expect } from 'chai';
import { Turns } from './turns.ts';

const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('let so many go on at a time, in the order they came, and what else happens between', async () => {
    const turns = new Turns(2);
    const told: (number | string)[] = [];
    for (let index = 0; index < 5; index++) turns.later(() => told.push(index));
    expect(told).to.deep.equal([]);
    await oneTurn();
    told.push('a request');
    await oneTurn();
    await oneTurn();
    expect(told).to.deep.equal([0, 1, 'a request', 2, 3, 4]);
  });

  it('begin at once as long as not so many have begun, and none before one that came earlier', async () => {
    const turns = new Turns(2);
    const begun: (number | string)[] = [];
    const begin = (name: number | string) => turns.soon(() => begun.push(name));
    for (let index = 0; index < 4; index++) begin(index);
    expect(begun).to.deep.equal([0, 1]);
    await oneTurn();
    begin('late');
    expect(begun).to.deep.equal([0, 1, 2, 3]);
    await oneTurn();
    expect(begun).to.deep.equal([0, 1, 2, 3, 'late']);
    await oneTurn();
    begin('later');
    expect(begun).to.deep.equal([0, 1, 2, 3, 'late', 'later']);
  });
});
