import { expect } from 'chai';
import { rawRequest, startTestApiServer } from '../testing/index.ts';

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
});
