import { createServer } from 'node:net';
import { expect } from 'chai';
import { freePort } from './free-port.ts';

describe('freePort', () => {
  it('is below the ports of outgoing connections', async () => {
    expect(await freePort()).to.be.within(20_000, 29_999);
    expect(await freePort(() => 1 - Number.EPSILON)).to.be.below(30_000);
  });

  it('passes over a port that was given before and one that somebody listens on', async () => {
    const taken = await freePort(() => Math.random() / 2);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(taken + 1, '127.0.0.1', resolve));
    try {
      const draws = [taken, taken + 1, taken + 2].map((port) => (port - 20_000 + 0.5) / 10_000);
      expect(await freePort(() => draws.shift() ?? 0)).to.equal(taken + 2);
    } finally {
      server.close();
    }
  });
});
