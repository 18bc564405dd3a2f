import * as https from 'node:https';
import { isIP } from 'node:net';
import { normalize } from 'node:path/posix';
import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { parseJson } from '@coracle/apimachinery/json';
import { exchangeWithRetries, type Limits } from './exchange.ts';
import { type EndpointReaders, resolveService } from './service-endpoint.ts';

/** Where a webhook is, as every configuration says it: `url`, or a Service. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in base64; absent: the system's authorities. */
  readonly caBundle?: string;
}

export interface WebhookCall {
  readonly config: WebhookClientConfig;
  readonly body: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface WebhookClient {
  /** The body of the answer, as JSON decoded. Throws with a message that names the URL where there is none. */
  call(call: WebhookCall): Promise<unknown>;
  close(): void;
}

const servicePortDefault = 443;
/** Connections are kept for so many webhooks. */
const agentsMax = 64;

interface Place {
  /** What messages show. */
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  /** Name that the certificate must have. */
  readonly servername: string;
}

/** Posts JSON over TLS, with connections that are kept. */
export function createWebhookClient(
  readers: EndpointReaders,
  { random, clock }: Pick<Environment, 'random' | 'clock'>,
): WebhookClient {
  const agents = new Map<string, https.Agent>();

  const agentOf = (servername: string, caBundle: string | undefined): https.Agent => {
    const key = `${servername} ${caBundle ?? ''}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const ca = caBundle ? { ca: Buffer.from(caBundle, 'base64').toString() } : {};
    // As in Go, what the bundle holds is believed as it is: a server's own certificate too, whoever issued it.
    const agent = new https.Agent({ keepAlive: true, allowPartialTrustChain: true, ...ca });
    agents.set(key, agent);
    const [oldest] = agents;
    if (agents.size > agentsMax && oldest !== undefined) {
      agents.delete(oldest[0]);
      oldest[1].destroy();
    }
    return agent;
  };

  const placeOf = async ({ url, service }: WebhookClientConfig): Promise<Place> => {
    if (service === undefined) {
      const parsed = new URL(url ?? '');
      const port = parsed.port === '' ? servicePortDefault : Number(parsed.port);
      return { url: parsed, host: parsed.hostname, port, servername: parsed.hostname };
    }
    const { namespace, name, path = '/', port = servicePortDefault } = service;
    const servername = `${name}.${namespace}.svc`;
    const named = new URL(`https://${servername}:${port}${path.startsWith('/') ? path : `/${path}`}`);
    const target = await resolveService(readers, random, { namespace, name, port }).catch((error: Error) => {
      throw new Error(`Post ${JSON.stringify(textOf(named))}: ${error.message}`);
    });
    return { url: named, ...target, servername };
  };

  return {
    async call({ config, body, timeoutSeconds, signal }) {
      const place = await placeOf(config);
      place.url.pathname = cleanPath(place.url.pathname);
      place.url.searchParams.set('timeout', `${timeoutSeconds}s`);
      const agent = agentOf(place.servername, config.caBundle);
      return post(place, agent, body, { signal, clock, timeoutMs: timeoutSeconds * 1000 });
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** A path as client-go sends it: without empty segments, dots and an end of `/`. envtest writes `https://host//path`. */
function cleanPath(path: string): string {
  return normalize(path).replace(/(?<=.)\/$/, '');
}

/** As Go prints it: the default port shows where it was written. */
function textOf(url: URL): string {
  const port = url.port === '' ? `:${servicePortDefault}` : '';
  return `https://${url.host}${port}${url.pathname === '/' ? '' : url.pathname}${url.search}`;
}

async function post(
  { url, host, port, servername }: Place,
  agent: https.Agent,
  body: string,
  limits: Limits,
): Promise<unknown> {
  const shown = `Post ${JSON.stringify(textOf(url))}`;
  try {
    const { status, text } = await exchangeWithRetries(
      {
        agent,
        host,
        port,
        // An address is no name to ask for; the certificate must have it all the same.
        servername: isIP(servername) === 0 ? servername : '',
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: {
          host: `${servername}:${url.port || servicePortDefault}`,
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      body,
      limits,
    );
    if (status < 200 || status > 299) throw new Error(`the server answered ${status}: ${text.slice(0, 200)}`);
    return parseJson(text);
  } catch (error) {
    throw new Error(`${shown}: ${textOfError(error)}`);
  }
}
