import { expect } from 'chai';
import { resolveRequestInfo } from '../filters/request-info.ts';
import type { RequestContext } from '../filters/filter.ts';
import { Level, nameOf } from './level.ts';
import { SeatRequest } from './seat-request.ts';
import { allLevels, allSchemas, limitedLevel, testConfiguration } from './testing/index.ts';

const alice = { username: 'alice', groups: ['system:authenticated'], extra: {} };
const info = resolveRequestInfo({ method: 'GET', path: '/api/v1/pods', query: new URLSearchParams() });

describe('the configuration of flow control', () => {
  it('falls back to catch-all where a level is missing', () => {
    const { configuration } = testConfiguration();
    configuration.digest(
      allLevels().filter((level) => nameOf(level) !== 'global-default'),
      allSchemas(),
    );
    expect(configuration.flowOf(alice, info).name).to.equal('catch-all');
    const dangling = allSchemas().filter((schema) => configuration.isDangling(schema));
    expect(dangling.map(nameOf)).to.deep.equal(['global-default']);
  });

  it('has the mandatory flows without any object', () => {
    const { configuration } = testConfiguration();
    configuration.digest([], []);
    expect(configuration.flows.map(({ name }) => name)).to.deep.equal(['exempt', 'catch-all']);
    expect([...configuration.levels].map(({ name }) => name)).to.deep.equal(['exempt', 'catch-all']);
  });

  it('takes no level that contradicts itself', () => {
    const { configuration } = testConfiguration();
    const odd = limitedLevel('odd', { limitResponse: { type: 'Queue' }, nominalConcurrencyShares: 10 });
    configuration.digest([...allLevels(), odd], allSchemas());
    expect([...configuration.levels].map(({ name }) => name)).not.to.include('odd');
  });

  it('keeps a level that is gone until nothing is left in it', () => {
    const { configuration } = testConfiguration();
    const { level } = configuration.flowOf(alice, info);
    const work = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 };
    const request = new SeatRequest(level.countsOf('global-default'), '', work, 0, {} as RequestContext);
    level.queueSet.start(request, [0]);
    const others = allLevels().filter((other) => nameOf(other) !== level.name);
    configuration.digest(others, allSchemas());
    expect([...configuration.levels]).to.include(level);
    expect(level.quiescing).to.equal(true);
    level.queueSet.finish(request);
    configuration.digest(others, allSchemas());
    expect([...configuration.levels]).not.to.include(level);
  });

  it('lends what a busy level wants and takes it back', async () => {
    const { configuration, clock } = testConfiguration();
    const { level } = configuration.flowOf(alice, info);
    const before = level.queueSet.limit;
    level.queueSet.demand.set(200, clock.monotonic());
    await clock.advance(10_000);
    configuration.adjust();
    const lent = level.queueSet.limit;
    expect(lent).to.be.greaterThan(before);
    level.queueSet.demand.set(0, clock.monotonic());
    for (let turn = 0; turn < 300; turn++) {
      await clock.advance(10_000);
      configuration.adjust();
    }
    expect(level.queueSet.limit).to.be.lessThan(lent);
  });

  it('says how much of a level one request may take', () => {
    const { configuration } = testConfiguration();
    const seats = Object.fromEntries(
      [...configuration.levels].map((level: Level) => [level.name, level.requestSeatsMax]),
    );
    expect(seats).to.include({
      'workload-low': 37,
      'global-default': 8,
      'leader-election': 4,
      exempt: 0,
      'catch-all': 0,
    });
  });
});
