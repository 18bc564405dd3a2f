import assert from 'node:assert/strict';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ApiRequest } from '../http/api-request.ts';
import { writeResponse } from '../http/write-response.ts';
import { forward, type Forwarded, responseOf } from './forward.ts';

describe('requests that are passed on', () => {
  const agent = new http.Agent({ keepAlive: true });
  let server: http.Server;
  let connections = 0;

  /** Answers the first request of a connection, and closes it when a second one comes: what an idle timeout does. */
  beforeEach(async () => {
    connections = 0;
    server = http.createServer((request, response) => {
      const { socket } = request;
      if (socket.listenerCount('used') > 0) {
        socket.destroy();
        return;
      }
      socket.once('used', () => {});
      connections += 1;
      request.resume();
      response.setHeader('set-cookie', ['a=1; Expires=Wed, 01 Jan 2027 00:00:00 GMT', 'b=2']);
      response.end('well');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function answerTo(method: string): Promise<Forwarded> {
    const request = {
      method,
      headers: {},
      signal: new AbortController().signal,
      body: { stream: () => [] },
    } as unknown as ApiRequest;
    const { port } = server.address() as AddressInfo;
    return forward(request, { scheme: 'http', host: '127.0.0.1', port, path: '/', agent });
  }

  async function ask(method: string): Promise<string> {
    return text((await answerTo(method)).body);
  }

  async function askUntilKept(): Promise<void> {
    await ask('GET');
    // The connection is kept once its answer was read to the end.
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('are answered with as many cookies as there are', async () => {
    const { signal } = new AbortController();
    const front = http.createServer(async (_, response) => {
      await writeResponse(responseOf(await answerTo('GET')), response as never, undefined, signal);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const answer = await fetch(`http://127.0.0.1:${(front.address() as AddressInfo).port}`);
    front.close();
    front.closeAllConnections();
    assert.deepEqual(answer.headers.getSetCookie(), ['a=1; Expires=Wed, 01 Jan 2027 00:00:00 GMT', 'b=2']);
  });

  it('go over a new connection where a kept one was closed', async () => {
    await askUntilKept();
    assert.equal(await ask('GET'), 'well');
    assert.equal(connections, 2);
  });

  it('are not made twice where they may change something', async () => {
    await askUntilKept();
    await assert.rejects(ask('POST'), { code: 'ECONNRESET' });
    assert.equal(connections, 1);
  });
});
