import * as https from 'node:https';
import type { Environment } from '@coracle/apimachinery/component';
import { type Answer, exchange } from '../../webhooks/index.ts';

/** A request that takes longer is given up, upstream's time. */
const requestTimeoutMs = 30_000;
const redirectsMax = 10;

/** Fetches the documents of an issuer. */
export interface IssuerClient {
  /** The answer, once redirections were followed. Throws where there is none in time. */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

/** `authorities` is a PEM bundle; undefined: the system's. `signal` ends all requests. */
export function createIssuerClient(
  authorities: string | undefined,
  { clock, signal }: Pick<Environment, 'clock'> & { readonly signal: AbortSignal },
): IssuerClient {
  const agent = new https.Agent({ keepAlive: true, ...(authorities ? { ca: authorities } : {}) });
  const once = async (url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> => {
    if (url.protocol !== 'https:') throw new Error(`unsupported protocol scheme "${url.protocol.slice(0, -1)}"`);
    const { hostname: host, port, pathname, search } = url;
    const where = { host: host.replace(/^\[(.*)\]$/, '$1'), ...(port === '' ? {} : { port: Number(port) }) };
    const limits = { clock, timeoutMs: requestTimeoutMs, signal };
    try {
      return await exchange({ agent, ...where, path: `${pathname}${search}`, headers }, undefined, limits);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  };
  return {
    async get(url, headers = {}) {
      let where = new URL(url);
      for (let redirects = 0; ; redirects++) {
        const answer = await once(where, headers);
        const { location } = answer.headers;
        if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
        if (redirects === redirectsMax) throw new Error(`Get ${JSON.stringify(url)}: stopped after 10 redirects`);
        where = new URL(location, where);
      }
    },
    close: () => agent.destroy(),
  };
}

/** A document that has to be there. */
export function parseAnswer({ status, text }: Answer): unknown {
  if (status !== 200) throw new Error(`${status}: ${text.slice(0, 1000)}`);
  return JSON.parse(text);
}
