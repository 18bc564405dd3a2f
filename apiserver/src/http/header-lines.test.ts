import 'reflect-metadata';
import { once } from 'node:events';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { expect } from 'chai';
import { createServingPair } from '../testing/serving-pair.ts';
import type { ApiRequest } from './api-request.ts';
import { firstHeaderLine, headerLines, headerLinesByKey } from './header-lines.ts';
import { type Listener, startListener } from './listener.ts';

describe('header lines', () => {
  let listener: Listener;
  let ca: string;
  let received: ApiRequest;

  before(async () => {
    const { cert, key } = await createServingPair();
    ca = cert;
    const options = { host: '127.0.0.1', port: 0, tls: { certificate: cert, key } };
    listener = await startListener(options, async (incoming) => {
      received = incoming;
      return { status: 200, body: { type: 'empty' } };
    });
  });
  after(() => listener.stop());

  const senders = {
    'HTTP/1.1': async (headers: OutgoingHttpHeaders) => {
      const sending = request({ host: '127.0.0.1', port: listener.port, ca, headers: headers as never, agent: false });
      const [response] = await once(sending.end(), 'response');
      await once(response.resume(), 'end');
    },
    'HTTP/2': async (headers: OutgoingHttpHeaders) => {
      const session = connect(`https://127.0.0.1:${listener.port}`, { ca });
      const stream = session.request({ ':path': '/', ...headers });
      await once(stream.resume(), 'end');
      session.close();
    },
  };

  for (const [protocol, send] of Object.entries(senders)) {
    it(`are the values of repeated headers over ${protocol}; commas stay in them`, async () => {
      await send({ 'X-Group': ['a,b', 'c', ''], 'x-user': ['first', 'second'], 'x-extra-a%2fB': ['1, 2', '3'] });
      expect(headerLines(received, 'x-group')).to.deep.equal(['a,b', 'c', '']);
      expect(firstHeaderLine(received, 'x-user')).to.equal('first');
      expect(headerLinesByKey(received, 'x-extra-')).to.deep.equal({ 'a/b': ['1, 2', '3'] });
      expect(headerLines(received, 'x-none')).to.deep.equal([]);
    });

    it(`are UTF-8 over ${protocol}`, async () => {
      await send({ 'x-user': Buffer.from('zoë').toString('latin1') });
      expect(headerLines(received, 'x-user')).to.deep.equal(['zoë']);
    });
  }

  it('have keys that are unescaped, but for those that are escaped badly', () => {
    const keys = (...names: string[]) => {
      const headers = Object.fromEntries(names.map((name) => [`x-extra-${name}`, name]));
      return headerLinesByKey({ headers }, 'x-extra-');
    };
    expect(keys('acme%2fteam', '%zz', 'a%2', '%c3%ab')).to.deep.equal({
      'acme/team': ['acme%2fteam'],
      '%zz': ['%zz'],
      'a%2': ['a%2'],
      ë: ['%c3%ab'],
    });
    expect(keys('a', '%61')).to.deep.equal({ a: ['a', '%61'] });
    expect(Object.entries(keys('__proto__'))).to.deep.equal([['__proto__', ['__proto__']]]);
  });
});
