import type * as http from 'node:http';
import type * as https from 'node:https';
import type { Readable } from 'node:stream';
import {
  badRequest,
  genericServerResponse,
  internalError,
  notFound,
  serviceUnavailable,
  StatusError,
} from '@coracle/apimachinery/errors';
import type { Running } from '@coracle/apimachinery/component';
import type { Node, NodeAddress } from '@coracle/apimachinery/types/core-v1';
import type { ApiResponse } from '../http/api-request.ts';
import type { KubeletClientOptions } from '../options.ts';
import type { ConnectCall } from '../registry/strategy.ts';
import type { Connector, ProxyTarget } from '../resources/index.ts';
import { DialingHttpAgent, DialingHttpsAgent } from './dialing-agent.ts';
import { type Destination, type Forwarded, forward, forwardUpgrade, responseOf } from './forward.ts';
import { rewriteAnswer } from './rewrite-links.ts';

const nodes = { group: '', resource: 'nodes' };
const kubeletPortDefault = 10250;
/** Error texts of a kubelet are read up to this many bytes. */
const errorTextBytesMax = 8 * 1024;

/** Order in which a kubelet's addresses are tried, upstream's `--kubelet-preferred-address-types`. */
const addressTypes = ['InternalIP', 'Hostname', 'ExternalIP', 'InternalDNS', 'ExternalDNS'];

/** Carries requests to kubelets, pods and services over connections that are kept. */
export function createConnector(options: KubeletClientOptions | undefined): Connector & Running {
  const { dial } = options ?? {};
  const agents = {
    kubelet: new DialingHttpsAgent(dial, {
      keepAlive: true,
      ...(options === undefined ? {} : { cert: options.certificate, key: options.key }),
      ...(options?.authorities === undefined
        ? { rejectUnauthorized: false }
        : { ca: options.authorities, allowPartialTrustChain: true }),
      // Kubelets are reached by address; their certificates name the node.
      checkServerIdentity: () => undefined,
    }),
    http: new DialingHttpAgent(dial, { keepAlive: true }),
    // As upstream: what a pod serves under https is its own affair.
    https: new DialingHttpsAgent(dial, { keepAlive: true, rejectUnauthorized: false }),
  };
  return {
    async kubelet(name, path, call) {
      const { host, port } = await kubeletAddress(name, call);
      const destination: Destination = { scheme: 'https', host, port, path, agent: agents.kubelet };
      if (call.request.upgrade !== undefined) return upgradeTo(call, destination);
      const answer = await forward(call.request, destination).catch((error: unknown) => {
        throw internalError(error);
      });
      if (call.context.subresource === 'log' && answer.status >= 400) throw await kubeletError(answer, call);
      return responseOf(answer);
    },
    async proxy(target, call) {
      const { method } = call.request;
      if (call.path === '' && (method === 'GET' || method === 'HEAD')) return toTrailingSlash(call);
      const destination = destinationOf(target, agents[target.scheme]);
      if (call.request.upgrade !== undefined) return upgradeTo(call, destination);
      const answer = await forward(call.request, destination).catch((error: unknown) => {
        throw serviceUnavailable(
          `error trying to reach service: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      const place = { host: `${target.host}:${target.port}`, prefix: proxyPrefix(call) };
      return responseOf(await rewriteAnswer(answer, place));
    },
    async stop() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function destinationOf({ scheme, host, port, path }: ProxyTarget, agent: http.Agent | https.Agent): Destination {
  if (!Number.isInteger(port) || port <= 0) throw badRequest(`no port to reach ${host} at`);
  return { scheme, host, port, path, agent };
}

async function kubeletAddress(name: string, { context }: ConnectCall): Promise<{ host: string; port: number }> {
  const node = await context.readers.get<Node>(nodes, { name });
  if (node === undefined) throw notFound(nodes, name);
  const addresses = node.status?.addresses ?? [];
  const host = addressTypes.map((type) => addresses.find((address) => address.type === type)?.address).find(Boolean);
  if (host === undefined) throw withoutReason(`no preferred addresses found; known addresses: ${goText(addresses)}`);
  return { host, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || kubeletPortDefault };
}

/** Upstream never gave this error a reason. */
function withoutReason(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
}

function goText(addresses: readonly NodeAddress[]): string {
  return `[${addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ')}]`;
}

async function upgradeTo(call: ConnectCall, destination: Destination): Promise<ApiResponse> {
  try {
    return await forwardUpgrade(call.request, destination);
  } catch (error) {
    throw internalError(`error dialing backend: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A page without a slash at its end would resolve its relative links beside the proxy. */
function toTrailingSlash({ request }: ConnectCall): ApiResponse {
  const query = request.query.toString();
  const location = `${request.path}/${query === '' ? '' : `?${query}`}`;
  return { status: 301, headers: { location }, body: { type: 'empty' } };
}

/** The path of the request up to and including `proxy`. */
function proxyPrefix({ request, path }: ConnectCall): string {
  const whole = request.path.replace(/\/+$/, '');
  const below = path.replace(/\/+$/, '');
  return below === '' ? whole : whole.slice(0, whole.length - below.length);
}

/** What a kubelet says of a request it cannot serve, in the words of the API. */
async function kubeletError(answer: Forwarded, call: ConnectCall): Promise<Error> {
  const text = await textOf(answer.body);
  if (answer.status === 400) return badRequest(text);
  if (answer.status === 500) return internalError(text);
  return genericServerResponse({
    code: answer.status,
    verb: 'get',
    resource: { group: call.context.row.group, resource: call.context.row.resource },
    name: call.name,
    serverMessage: text,
  });
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > errorTextBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, errorTextBytesMax).toString('utf8').trim();
}
