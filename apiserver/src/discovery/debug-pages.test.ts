import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { rawRequest, startTestApiServer } from '../testing/index.ts';

describe('pages for debugging', () => {
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const clock = createVirtualClock();
    await using api = await startTestApiServer({ clock, options: { flags: { 'anonymous-auth': 'false' } } });
    await clock.advance(3_723_000);
    return rawRequest(api.server, { method: 'GET', path, headers });
  };

  it('are text for people', async () => {
    const { text, headers } = await ask('/statusz', { accept: '*/*' });
    expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
    expect(text).to.match(
      /^\napiserver statusz\nWarning: .*\n\nStarted: Thu Jan  1 00:00:00 UTC 2026\nUp: 1 hr 02 min 03 sec\n/,
    );
    expect((await ask('/flagz')).text).to.match(/^\napiserver flagz\nWarning: .*\nanonymous-auth: false\n$/);
  });

  it('are objects for programs', async () => {
    const { text, headers } = await ask('/statusz', {
      accept: 'application/json;v=v1beta1;g=config.k8s.io;as=Statusz',
    });
    expect(headers['content-type']).to.equal('application/json;g=config.k8s.io;v=v1beta1;as=Statusz');
    expect(JSON.parse(text)).to.deep.include({
      kind: 'Statusz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      startTime: '2026-01-01T00:00:00Z',
      uptimeSeconds: 3723,
    });
    const flags = await ask('/flagz', { accept: 'application/yaml;v=v1alpha1;g=config.k8s.io;as=Flagz' });
    expect(flags.text).to.match(/flags:\n {2}anonymous-auth: 'false'/);
    expect(flags.headers['warning']).to.match(/This version of the flagz endpoint is deprecated/);
  });

  it('have no other form', async () => {
    for (const accept of ['application/json', 'application/json;v=v1beta1;g=config.k8s.io;as=Flagz', 'text/html']) {
      const { status, text } = await ask('/statusz', { accept });
      expect(status).to.equal(406);
      expect(text).to.match(
        /only the following media types are accepted: application\/json, application\/yaml, text\/plain/,
      );
    }
  });
});
