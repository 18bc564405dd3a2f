import type { OutgoingHttpHeaders } from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
import { identityHeaders } from '@coracle/apimachinery/headers';
import { isObject } from '@coracle/apimachinery/json';
import type { APIService } from '@coracle/apimachinery/types/apiregistration-v1';
import { mastersGroup } from '../auth/authenticators/users.ts';
import type { UserInfo } from '../http/api-request.ts';
import type { RemoteDocumentation } from '../openapi/index.ts';
import type { ServiceTarget } from '../webhooks/index.ts';

/** PEM pair that this server shows to those it passes requests on to. */
export interface ProxyIdentity {
  readonly certificate: string;
  readonly key: string;
}

const answerBytesMax = 16 * 1024 * 1024;
/** Discovery should answer quickly. */
const checkTimeoutMs = 5000;

/** The server of one APIService: the connections to it, and what it says when it is asked for its resources. */
export class RemoteServer {
  readonly service: APIService;
  readonly agent: https.Agent;

  constructor(service: APIService, identity: ProxyIdentity | undefined) {
    this.service = service;
    const { caBundle, insecureSkipTLSVerify, service: reference } = service.spec ?? {};
    this.agent = new https.Agent({
      keepAlive: true,
      servername: `${reference?.name}.${reference?.namespace}.svc`,
      ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
      allowPartialTrustChain: true,
      ...(caBundle === undefined ? {} : { ca: Buffer.from(caBundle, 'base64').toString() }),
      ...(insecureSkipTLSVerify === true ? { rejectUnauthorized: false } : {}),
    });
  }

  /** GET of a JSON document as the server itself. Rejects with the reason for any other answer than one. */
  getJson(target: ServiceTarget, path: string, accept = 'application/json'): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const outgoing = https.request({
        ...target,
        path,
        agent: this.agent,
        timeout: checkTimeoutMs,
        headers: { accept, ...remoteHeaders(aggregator) },
      });
      const url = `https://${target.host}:${target.port}${path}`;
      outgoing.on('timeout', () => outgoing.destroy(new Error(`timed out waiting for ${url}`)));
      outgoing.on('error', (error) => reject(new Error(`failing or missing response from ${url}: ${error.message}`)));
      outgoing.on('response', (incoming) => {
        const status = incoming.statusCode ?? 0;
        if (status < 200 || status > 299) {
          incoming.resume();
          reject(new Error(`failing or missing response from ${url}: bad status from ${url}: ${status}`));
          return;
        }
        readAll(incoming).then((text) => resolve(JSON.parse(text)), reject);
      });
      outgoing.end();
    });
  }

  /** What the server says of the shapes of its objects. A server may say nothing; that is no fault. */
  async documentation(target: ServiceTarget): Promise<Pick<RemoteDocumentation, 'v2' | 'v3'>> {
    const { group, version } = this.service.spec ?? {};
    const ask = (path: string) => this.getJson(target, path).catch(() => undefined);
    const [v2, index] = await Promise.all([ask('/openapi/v2'), ask('/openapi/v3')]);
    const entries = isObject(index) && isObject(index['paths']) ? index['paths'] : {};
    const entry = entries[`apis/${group}/${version}`];
    const v3 = isObject(entry) ? entry['serverRelativeURL'] : undefined;
    return { ...(isObject(v2) ? { v2 } : {}), ...(typeof v3 === 'string' ? { v3 } : {}) };
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Who asks for discovery documents: somebody who may. */
const aggregator: UserInfo = { username: 'system:kube-aggregator', groups: [mastersGroup], extra: {} };

/** How a front proxy tells who the caller is. */
export function remoteHeaders(user: UserInfo): OutgoingHttpHeaders {
  return identityHeaders('x-remote', user);
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
