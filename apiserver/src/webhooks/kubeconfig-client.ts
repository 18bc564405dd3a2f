import { readFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import { parseJson } from '@coracle/apimachinery/json';
import { formatDuration } from '@coracle/apimachinery/quantity';
import { parseYaml, readText } from '../configfile/index.ts';
import { type Answer, exchangeWithRetries, retryAfterSeconds } from './exchange.ts';

/** A program outside of the cluster that a kubeconfig file names. */
export interface KubeconfigClient {
  /**
   * Posts JSON, the time limit in the query as client-go tells it; the answer decoded, undefined where it is empty. Throws
   * where there is none, or its status is no success.
   */
  post(body: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<unknown>;
  close(): void;
}

/** An answer that came, but is no success. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;
  /** The answer itself. */
  readonly text: string;
  /** The other side asks to be asked again, after so long. */
  readonly retryAfterSeconds: number | undefined;

  constructor(where: string, answer: Answer) {
    super(`${where}: ${answer.status}: ${answer.text.slice(0, 200)}`);
    this.status = answer.status;
    this.text = answer.text;
    this.retryAfterSeconds = retryAfterSeconds(answer);
  }
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { name: string; context?: { cluster?: string; user?: string } }[];
  readonly clusters?: readonly { name: string; cluster?: ClusterEntry }[];
  readonly users?: readonly { name: string; user?: UserEntry }[];
}

interface ClusterEntry {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
}

interface UserEntry {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
}

/**
 * Reads the file; its paths are relative to it. Cluster and user are those of the current context, or the only ones there
 * are. Throws a StatusError that names the file and what is missing.
 */
export async function openKubeconfigClient(
  path: string,
  { clock }: Pick<Environment, 'clock'>,
): Promise<KubeconfigClient> {
  const { cluster, user } = entriesOf(path, parse(path, await readText(path)));
  const url = urlOf(path, cluster.server);
  const read = async (data: string | undefined, file: string | undefined): Promise<string | undefined> => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    return file === undefined ? undefined : readText(resolve(dirname(path), file));
  };
  const [ca, cert, key] = await Promise.all([
    read(cluster['certificate-authority-data'], cluster['certificate-authority']),
    read(user['client-certificate-data'], user['client-certificate']),
    read(user['client-key-data'], user['client-key']),
  ]);
  const servername = cluster['tls-server-name'] ?? url.hostname;
  const agent =
    url.protocol === 'http:'
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({
          keepAlive: true,
          servername: isIP(servername) === 0 ? servername : '',
          rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key }),
        });
  return {
    async post(body, { timeoutMs, signal }) {
      url.searchParams.set('timeout', formatDuration(timeoutMs));
      const where = `Post ${JSON.stringify(url.href)}`;
      try {
        const answer = await exchangeWithRetries(
          {
            agent,
            protocol: url.protocol,
            host: url.hostname,
            ...(url.port === '' ? {} : { port: Number(url.port) }),
            method: 'POST',
            path: `${url.pathname}${url.search}`,
            headers: {
              'content-type': 'application/json',
              accept: 'application/json',
              'content-length': Buffer.byteLength(body),
              ...(await authorizationOf(path, user)),
            },
          },
          body,
          { clock, timeoutMs, signal },
        );
        const { status, text } = answer;
        if (status < 200 || status > 299) throw new AnswerError(where, answer);
        return text.trim() === '' ? undefined : parseJson(text);
      } catch (error) {
        if (error instanceof AnswerError) throw error;
        throw new Error(`${where}: ${textOfError(error)}`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

function parse(path: string, content: string): Kubeconfig {
  const value = parseYaml(path, content);
  if (typeof value === 'object' && value !== null && 'clusters' in value) return value as Kubeconfig;
  throw badRequest(`${path}: a kubeconfig with clusters, users and contexts is expected`);
}

function entriesOf(path: string, config: Kubeconfig): { cluster: ClusterEntry; user: UserEntry } {
  const { contexts = [], clusters = [], users = [], 'current-context': current } = config;
  const context = contexts.find(({ name }) => name === current) ?? (current ? undefined : contexts[0]);
  if (current && context === undefined) throw badRequest(`${path}: current-context ${current} is not among contexts`);
  const wanted = context?.context?.cluster;
  const cluster = clusters.find(({ name }) => wanted === undefined || name === wanted)?.cluster;
  if (cluster === undefined) throw badRequest(`${path}: no cluster ${wanted ?? ''} is given`);
  const user = users.find(({ name }) => name === context?.context?.user)?.user ?? {};
  return { cluster, user };
}

function urlOf(path: string, server: string | undefined): URL {
  if (server !== undefined && /^https?:\/\//.test(server) && URL.canParse(server)) return new URL(server);
  throw badRequest(`${path}: server ${JSON.stringify(server ?? '')}: a URL such as https://hook.example:8443/audit`);
}

/** A token file is read each time: others renew it. */
async function authorizationOf(path: string, user: UserEntry): Promise<Record<string, string>> {
  const { token, tokenFile, username, password = '' } = user;
  if (tokenFile !== undefined) {
    const read = await readFile(resolve(dirname(path), tokenFile), 'utf8');
    return { authorization: `Bearer ${read.trim()}` };
  }
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
