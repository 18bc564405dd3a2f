import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isStatus } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { WebSocketServer } from 'ws';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
import type { Transport } from './transport.ts';

describe('http transport', () => {
  let server: Server;
  let transport: Transport | undefined;
  const never = new AbortController().signal;

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
  };
  const connect = (options: Partial<HttpTransportOptions> = {}, path = '') => {
    const { port } = server.address() as AddressInfo;
    transport = createHttpTransport({ server: `http://127.0.0.1:${port}${path}`, ...options });
    return transport;
  };
  afterEach(async () => {
    await transport?.close();
    server.closeAllConnections();
    server.close();
  });

  it('sends who is asking and what, and reads the answer with its warnings', async () => {
    let seen: (Pick<IncomingMessage, 'url' | 'headers' | 'headersDistinct'> & { body: string }) | undefined;
    await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen = { url: request.url, headers: request.headers, headersDistinct: request.headersDistinct, body };
      response.setHeader('content-type', 'application/json');
      response.setHeader('warning', '299 - "be careful"');
      response.end('{"kind":"Pod"}');
    });
    const extra = { 'acme.com/(team)': ['x', 'y'] };
    const impersonate = { user: 'zoë', groups: ['a,b', 'c'], extra };
    const options = { token: () => 'secret', impersonate };
    const answer = await connect(options, '/prefix/').request({ method: 'POST', path: '/api?x=1', body: { a: 1 } });
    expect(answer).to.deep.equal({ status: 200, object: { kind: 'Pod' }, warnings: ['be careful'] });
    expect(seen?.url).to.equal('/prefix/api?x=1');
    expect(seen?.body).to.equal('{"a":1}');
    expect(seen?.headers).to.include({
      authorization: 'Bearer secret',
      'impersonate-user': Buffer.from('zoë').toString('latin1'),
      'content-type': 'application/json',
    });
    expect(seen?.headersDistinct).to.deep.include({
      'impersonate-group': ['a,b', 'c'],
      'impersonate-extra-acme.com%2f%28team%29': ['x', 'y'],
    });
  });

  it('throws the Status of a failure, with when to come back', async () => {
    await serve((_, response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '2' });
      response.end('{"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429,"message":"busy"}');
    });
    const error = await connect()
      .request({ method: 'GET', path: '/' })
      .catch((failure: unknown) => failure);
    expect(isStatus(error, 'TooManyRequests') && error.status.details).to.deep.equal({ retryAfterSeconds: 2 });
  });

  it('says that the server cannot be reached', async () => {
    await serve(() => {});
    const unreachable = connect();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const error = await unreachable.request({ method: 'GET', path: '/' }).catch((failure: unknown) => failure);
    expect(isStatus(error, 'ServiceUnavailable') && error.message).to.contain('ECONNREFUSED');
  });

  it('yields the events of a watch as they come, over any boundaries', async () => {
    await serve(async (_, response) => {
      response.setHeader('content-type', 'application/json');
      response.write('{"type":"ADDED","obj');
      await new Promise((resolve) => setImmediate(resolve));
      response.write('ect":{"n":1}}\n{"type":"ADDED","object":{"n":2}}\n{"type":"unfini');
      response.end();
    });
    const numbers: unknown[] = [];
    for await (const event of connect().watch({ method: 'GET', path: '/' }, never)) numbers.push(event.object);
    expect(numbers).to.deep.equal([{ n: 1 }, { n: 2 }]);
  });

  it('ends a watch with the reason of its signal', async () => {
    await serve((_, response) => response.write('{"type":"ADDED","object":{}}\n'));
    const stopping = new AbortController();
    const watch = async () => {
      for await (const event of connect().watch({ method: 'GET', path: '/' }, stopping.signal)) {
        expect(event.type).to.equal('ADDED');
        stopping.abort(new Error('enough'));
      }
    };
    expect(await watch().catch((error: Error) => error.message)).to.equal('enough');
  });

  it('opens a connection of messages with a sub-protocol, and throws the Status of a refusal', async () => {
    await serve(() => {});
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/refused') {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope');
        return;
      }
      sockets.handleUpgrade(request, socket, head, (connection) => {
        connection.send(`protocol ${connection.protocol}`);
        connection.on('message', (data) => connection.send(`echo ${data}`));
      });
    });
    const duplex = await connect().upgrade?.({ method: 'GET', path: '/exec' }, ['v5.channel.k8s.io'], never);
    const messages: string[] = [];
    duplex?.write('hello');
    for await (const message of duplex ?? []) {
      messages.push(String(message));
      if (messages.length === 2) break;
    }
    expect(messages).to.deep.equal(['protocol v5.channel.k8s.io', 'echo hello']);
    const refusal = await transport
      ?.upgrade?.({ method: 'GET', path: '/refused' }, [], never)
      .catch((error: unknown) => error);
    expect(isStatus(refusal, 'Forbidden') && refusal.message).to.equal('nope');
    sockets.close();
  });
});
