import {
  badRequest,
  field,
  type FieldError,
  invalid,
  notFound,
  serviceUnavailable,
} from '@coracle/apimachinery/errors';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { parseIp } from '@coracle/apimachinery/validation';
import type { ApiResponse, ConnectCall, SubresourceStrategy } from '../../shared/registry.ts';
import type { Connector, StrategyParts } from '../../parts.ts';
import { proxyTarget, splitProxyName } from '../../shared/proxy-target.ts';

type Subresources = Readonly<Record<string, SubresourceStrategy<Pod>>>;

/** The subresources of a pod that its node's kubelet, or the pod itself, answers (pkg/registry/core/pod/rest). */
export function podConnections(parts: StrategyParts): Subresources {
  const via = (optionsKind: string, connect: (call: ConnectCall, connector: Connector) => Promise<ApiResponse>) => ({
    type: 'connect' as const,
    optionsKind,
    connect: (call: ConnectCall) => {
      if (!parts.connector) throw serviceUnavailable('this server has no connection to nodes');
      return connect(call, parts.connector);
    },
  });
  return {
    log: via('PodLogOptions', readLog),
    exec: via('PodExecOptions', (call, connector) => stream('exec', call, connector)),
    attach: via('PodAttachOptions', (call, connector) => stream('attach', call, connector)),
    portforward: via('PodPortForwardOptions', forwardPort),
    proxy: via('PodProxyOptions', proxyPod),
  };
}

const pods = { group: '', resource: 'pods' };

async function podOf({ context, namespace }: ConnectCall, name: string): Promise<Pod> {
  const pod = await context.readers.get<Pod>(pods, { namespace, name }, { type: 'newest' });
  if (!pod) throw notFound(pods, name);
  return pod;
}

/** Query parameters of a log request that a kubelet understands as they are. */
const logParameters = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
];

async function readLog(call: ConnectCall, connector: Connector): Promise<ApiResponse> {
  const { query } = call.request;
  const errors = logErrors(query);
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, call.name, errors);
  const pod = await podOf(call, call.name);
  const container = containerOf(pod, query.get('container'));
  if (!pod.spec?.nodeName) return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: { type: 'empty' } };
  const parameters = new URLSearchParams();
  for (const name of logParameters) {
    const value = query.get(name);
    if (value !== null && value !== 'false') parameters.set(name, value);
  }
  if (!parameters.has('stream')) parameters.set('stream', 'All');
  const path = `/containerLogs/${call.namespace}/${call.name}/${container}?${parameters}`;
  return connector.kubelet(pod.spec.nodeName, path, call);
}

function logErrors(query: URLSearchParams): FieldError[] {
  const errors: FieldError[] = [];
  const atLeast = (name: string, min: number, text: string) => {
    const value = query.get(name);
    if (value !== null && !(Number(value) >= min)) errors.push(field.invalid(name, Number(value), text));
  };
  atLeast('tailLines', 0, 'must be greater than or equal to 0');
  atLeast('limitBytes', 1, 'must be greater than 0');
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    errors.push(field.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else {
    atLeast('sinceSeconds', 1, 'must be greater than 0');
  }
  const stream = query.get('stream');
  if (stream !== null && !['All', 'Stdout', 'Stderr'].includes(stream)) {
    errors.push(field.notSupported('stream', stream, ['All', 'Stderr', 'Stdout']));
  }
  if (stream !== null && stream !== 'All' && query.has('tailLines')) {
    errors.push(field.forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  }
  return errors;
}

/** Names of a kubelet's parameters for those of the API. */
const streamParameters: readonly (readonly [api: string, kubelet: string])[] = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
];

async function stream(verb: 'exec' | 'attach', call: ConnectCall, connector: Connector): Promise<ApiResponse> {
  const { query } = call.request;
  const flags = streamParameters.filter(([name]) => isTrue(query.get(name)));
  if (flags.every(([name]) => name === 'tty')) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  const pod = await podOf(call, call.name);
  const container = containerOf(pod, query.get('container'));
  const parameters = new URLSearchParams(flags.map(([, name]) => [name, '1']));
  if (verb === 'exec') for (const word of query.getAll('command')) parameters.append('command', word);
  return connector.kubelet(nodeOf(pod), `/${verb}/${call.namespace}/${call.name}/${container}?${parameters}`, call);
}

function isTrue(value: string | null): boolean {
  return value === '1' || value === 'true' || value === '';
}

async function forwardPort(call: ConnectCall, connector: Connector): Promise<ApiResponse> {
  const pod = await podOf(call, call.name);
  const ports = call.request.query.getAll('ports').join(',');
  const parameters = ports === '' ? '' : `?${new URLSearchParams({ port: ports })}`;
  return connector.kubelet(nodeOf(pod), `/portForward/${call.namespace}/${call.name}${parameters}`, call);
}

function nodeOf({ metadata, spec }: Pod): string {
  if (!spec?.nodeName) throw badRequest(`pod ${metadata?.name} does not have a host assigned`);
  return spec.nodeName;
}

/** The container that is meant; a pod with one needs no name. */
function containerOf({ metadata, spec }: Pod, wanted: string | null): string {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
  const names = all.map(({ name }) => name);
  if (wanted) {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${metadata?.name}`);
    return wanted;
  }
  const first = spec?.containers?.[0];
  const text = `a container name must be specified for pod ${metadata?.name}`;
  if (!first) throw badRequest(text);
  if (spec.containers.length > 1) throw badRequest(`${text}, choose one of: [${names.join(' ')}]`);
  return first.name;
}

async function proxyPod(call: ConnectCall, connector: Connector): Promise<ApiResponse> {
  const { scheme, name, port } = splitProxyName(call.name, 'pod');
  const pod = await podOf(call, name);
  const ip = pod.status?.podIPs?.[0]?.ip ?? '';
  if (!parseIp(ip)) throw badRequest('address not allowed');
  const first = pod.spec?.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort;
  const chosen = port === '' ? (first ?? 0) : Number(port);
  return connector.proxy(proxyTarget(scheme, ip, chosen, call), call);
}
