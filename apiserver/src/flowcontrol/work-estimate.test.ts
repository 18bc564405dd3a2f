import { expect } from 'chai';
import { resolveRequestInfo } from '../filters/request-info.ts';
import { WatchCounts } from './watch-counts.ts';
import { estimateWork } from './work-estimate.ts';

const pods = '/api/v1/namespaces/a/pods';

function estimate(method: string, uri: string, { objects = 0, bytes = 0, watches = 0, seatsMax = 0 } = {}) {
  const [path = '', search = ''] = uri.split('?');
  const query = new URLSearchParams(search);
  const statistics = (_: string, resource: string) => (resource === 'pods' ? { objects, bytes } : undefined);
  return estimateWork(resolveRequestInfo({ method, path, query }), query, seatsMax, {
    statistics,
    watches: () => watches,
  });
}

describe('the work of a request is estimated', () => {
  const many = { objects: 1000, bytes: 4_000_000 };
  const lists = [
    { uri: pods, seats: 10 },
    { uri: `${pods}?limit=100`, seats: 4 },
    { uri: `${pods}?limit=nonsense`, seats: 100 },
    { uri: `${pods}?limit=500&continue=x`, seats: 20 },
    { uri: `${pods}?continue=x`, seats: 40 },
    { uri: `${pods}?limit=100&continue=x&labelSelector=a`, seats: 20 },
    { uri: `${pods}?resourceVersion=5&resourceVersionMatch=Exact`, seats: 40 },
    { uri: `${pods}?fieldSelector=metadata.name%3Dp`, seats: 1 },
    { uri: `${pods}/p`, seats: 1 },
    { uri: '/apis/example.com/v1/widgets', seats: 1 },
    { uri: `${pods}?watch=true`, seats: 10 },
    { uri: `${pods}?watch=true&resourceVersion=5`, seats: 1 },
    { uri: `${pods}?watch=true&resourceVersion=5&sendInitialEvents=true`, seats: 10 },
    { uri: '/healthz', seats: 1 },
  ];
  for (const { uri, seats } of lists) {
    it(`GET ${uri}: ${seats} seats`, () => expect(estimate('GET', uri, many).initialSeats).to.equal(seats));
  }

  it('is never more than the level gives one request', () => {
    expect(estimate('GET', pods, { ...many, seatsMax: 3 }).initialSeats).to.equal(3);
  });

  const writes = [
    { method: 'POST', uri: pods, watches: 9, final: 0, latency: 0 },
    { method: 'POST', uri: pods, watches: 25, final: 3, latency: 5 },
    { method: 'PATCH', uri: `${pods}/p`, watches: 500, final: 10, latency: 25 },
    { method: 'DELETE', uri: pods, watches: 500, final: 0, latency: 0 },
    { method: 'POST', uri: '/api/v1/namespaces/a/serviceaccounts/s/token', watches: 500, final: 0, latency: 0 },
  ];
  for (const { method, uri, watches, final, latency } of writes) {
    it(`${method} ${uri} seen by ${watches}: ${final} seats for ${latency} ms afterwards`, () => {
      const work = { initialSeats: 1, finalSeats: final, additionalLatencyMs: latency };
      expect(estimate(method, uri, { watches })).to.deep.equal(work);
    });
  }
});

describe('watches are counted', () => {
  const info = (path: string) => resolveRequestInfo({ method: 'GET', path, query: new URLSearchParams() });

  it('by what they watch, until they end', () => {
    const counts = new WatchCounts();
    const end = counts.register(info('/api/v1/pods'), new URLSearchParams());
    counts.register(info(pods), new URLSearchParams());
    counts.register(info('/api/v1/namespaces/b/pods'), new URLSearchParams());
    expect(counts.interestedIn(info(`${pods}/p`))).to.equal(2);
    end();
    end();
    expect(counts.interestedIn(info(`${pods}/p`))).to.equal(1);
  });

  it('but those on the pods of one node', () => {
    const counts = new WatchCounts();
    counts.register(info('/api/v1/pods'), new URLSearchParams({ fieldSelector: 'spec.nodeName=n' }));
    expect(counts.interestedIn(info(`${pods}/p`))).to.equal(0);
  });
});
