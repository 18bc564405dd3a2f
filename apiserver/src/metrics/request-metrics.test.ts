import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import type { RequestContext } from '../filters/filter.ts';
import { createRequestMetrics } from './index.ts';
import { rawRequest, startTestApiServer, toRequest } from '../testing/index.ts';

describe('request metrics', () => {
  it('grow with what is served, not with what clients make up', async () => {
    await using api = await startTestApiServer();
    const ask = (method: string, path: string) => rawRequest(api.server, { method, path });
    const series = async () => (await ask('GET', '/metrics')).text.split('\n').length;
    await ask('GET', '/api/v1/pods');
    await ask('MADEUP', '/nowhere');
    await ask('GET', '/metrics');
    for (const method of ['GET', 'POST', 'MADEUP-0']) await ask(method, '/apis/made-up/v1/things');
    const before = await series();
    for (let number = 1; number <= 20; number++) {
      await ask('GET', `/apis/made-up-${number}/v1/things`);
      await ask('GET', `/api/v1/namespaces/default/things-${number}`);
      await ask('POST', `/api/v1/namespaces/default/pods/a/made-up-${number}`);
      await ask(`MADEUP-${number}`, '/apis/made-up/v1/things');
    }
    expect(await series()).to.equal(before);
    const { text } = await ask('GET', '/metrics');
    expect(text).to.match(/apiserver_request_total{verb="LIST",group="",version="v1",resource="pods"/);
  });

  it('tell apart what others took of a request', async () => {
    const clock = createVirtualClock();
    const { registry, filter } = createRequestMetrics(clock, { find: () => undefined });
    const request = { method: 'GET', query: new URLSearchParams() };
    const context = { request, info: { verb: 'get', subresource: '' }, waitedMs: 0 } as unknown as RequestContext;
    await filter(context, async () => {
      await clock.advance(3000);
      context.waitedMs += 2000;
      return { status: 200, body: { type: 'empty' } };
    });
    expect(registry.text()).to.match(/apiserver_request_duration_seconds_sum{.*} 3\n/);
    expect(registry.text()).to.match(/apiserver_request_sli_duration_seconds_sum{.*} 1\n/);
  });

  it('tell which watches are open, and what is stored', async () => {
    await using api = await startTestApiServer();
    const told = async () => (await rawRequest(api.server, { method: 'GET', path: '/metrics' })).text;
    const open = async () =>
      /apiserver_longrunning_requests{verb="WATCH".*resource="pods".*} (\d+)/.exec(await told())?.[1];
    const gone = new AbortController();
    const path = '/api/v1/namespaces/default/pods?watch=true';
    const { body } = await api.server.handle(toRequest({ method: 'GET', path, signal: gone.signal }));
    expect(body.type).to.equal('watch');
    expect(await open()).to.equal('1');
    gone.abort();
    expect(await open()).to.equal('0');
    expect(await told()).to.match(/apiserver_resource_objects{group="",resource="namespaces"} 4/);
  });
});
