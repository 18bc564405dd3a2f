import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** An issuer of OpenID Connect on 127.0.0.1, as a test wants it. */
export class TestIssuer {
  readonly url: string;
  /** By id. */
  keys: Readonly<Record<string, KeyObject>> = {};
  /** Of the keys' answer. */
  cacheControl: string | undefined;
  /** What is not as it should be in the discovery document. */
  document: Readonly<Record<string, unknown>> = {};
  /** What else there is, by path; it is given to those who show the token `let-me`. */
  documents: Readonly<Record<string, string>> = {};
  readonly #server: Server;
  #asked: string[] = [];

  /** PEMs. */
  static async start(pair: { readonly cert: string; readonly key: string }): Promise<TestIssuer> {
    const server = createServer(pair).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TestIssuer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      this.#asked.push(path);
      if (path === '/keys' && this.cacheControl !== undefined) response.setHeader('cache-control', this.cacheControl);
      const document = this.documents[path];
      if (document !== undefined) {
        response.statusCode = request.headers.authorization === 'Bearer let-me' ? 200 : 403;
        response.end(document);
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(path === '/keys' ? { keys: this.#keySet() } : this.#discovery()));
    });
  }

  reset(keys: TestIssuer['keys']): void {
    this.keys = keys;
    this.cacheControl = undefined;
    this.document = {};
    this.documents = {};
    this.#asked = [];
  }

  /** How often a path was asked for. */
  asked(path: string): number {
    return this.#asked.filter((each) => each === path).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #discovery(): object {
    return { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.document };
  }

  #keySet(): object[] {
    return Object.entries(this.keys).map(([kid, key]) => ({ kid, use: 'sig', ...key.export({ format: 'jwk' }) }));
  }
}
