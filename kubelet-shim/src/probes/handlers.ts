import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Clock } from '@coracle/apimachinery/clock';
import type { Container as ContainerSpec, HTTPGetAction, ProbeHandler } from '@coracle/apimachinery/types/core-v1';
import type { ContainerRuntime } from '../runtime/index.ts';

export interface ProbeResult {
  readonly result: 'success' | 'failure' | 'warning';
  readonly output: string;
}

export interface ProbeTarget {
  readonly spec: ContainerSpec;
  readonly containerId: string;
  readonly podIP: string;
}

export interface HandlerDependencies {
  readonly clock: Clock;
  readonly runtime: ContainerRuntime;
}

const bodyBytesMax = 10 * 1024;
const redirectsMax = 10;

/** Asks once. Throws where the question itself makes no sense (an unknown port name). */
export async function runProbe(
  dependencies: HandlerDependencies,
  handler: ProbeHandler,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeResult> {
  const { clock } = dependencies;
  const { podIP, spec } = target;
  if (handler.exec) return execProbe(dependencies, handler.exec.command ?? [], target, timeoutMs);
  if (handler.httpGet) return httpProbe(clock, handler.httpGet, target, timeoutMs);
  if (handler.tcpSocket) {
    const { host = podIP, port } = handler.tcpSocket;
    return tcpProbe(clock, host || podIP, resolvePort(port, spec), timeoutMs);
  }
  if (handler.grpc) {
    // Few pods have one, and gRPC takes a while to load.
    const { checkGrpcHealth } = await import('./grpc-health.ts');
    return checkGrpcHealth(clock, `${podIP}:${handler.grpc.port}`, handler.grpc.service ?? '', timeoutMs);
  }
  throw new Error('the probe has no handler');
}

async function execProbe(
  { runtime }: HandlerDependencies,
  command: readonly string[],
  { containerId }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeResult> {
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, command, Math.ceil(timeoutMs / 1000));
    const output = Buffer.concat([stdout, stderr]).toString('utf8').slice(0, bodyBytesMax);
    return { result: exitCode === 0 ? 'success' : 'failure', output };
  } catch (error) {
    return { result: 'failure', output: error instanceof Error ? error.message : String(error) };
  }
}

export function resolvePort(port: string | number | undefined, spec: ContainerSpec): number {
  const number =
    typeof port === 'number' ? port : /^\d+$/.test(port ?? '') ? Number(port) : namedPort(port ?? '', spec);
  if (number > 0 && number < 65_536) return number;
  throw new Error(`invalid port number: ${number}`);
}

function namedPort(name: string, { ports = [] }: ContainerSpec): number {
  const found = ports.find((port) => port.name === name);
  if (!found) throw new Error(`couldn't find port: "${name}" in container spec`);
  return found.containerPort;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly url: string;
}

async function httpProbe(
  clock: Clock,
  action: HTTPGetAction,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeResult> {
  const url = urlOf(action, target);
  const headers = headersOf(action, 'kube-probe/1.37');
  try {
    const { status, body } = await getFollowing(clock, url, headers, timeoutMs);
    if (status < 200 || status >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    return status < 300
      ? { result: 'success', output: body }
      : { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
  } catch (error) {
    return { result: 'failure', output: `Get "${url}": ${error instanceof Error ? error.message : String(error)}` };
  }
}

export function urlOf(
  { scheme = 'HTTP', host, port, path = '/' }: HTTPGetAction,
  { spec, podIP }: ProbeTarget,
): string {
  const name = host || podIP;
  const bracketed = name.includes(':') ? `[${name}]` : name;
  const slash = path.startsWith('/') ? '' : '/';
  return `${scheme.toLowerCase()}://${bracketed}:${resolvePort(port, spec)}${slash}${path}`;
}

export function headersOf({ httpHeaders = [] }: HTTPGetAction, userAgent: string): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const { name, value } of httpHeaders) {
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value];
  }
  headers['user-agent'] ??= [userAgent];
  headers['accept'] ??= ['*/*'];
  // An empty value asks for the header to be left out.
  for (const [key, values] of Object.entries(headers)) if (values.join('') === '') delete headers[key];
  return headers;
}

/** Follows redirects on the same host; one to elsewhere is the answer itself. */
async function getFollowing(
  clock: Clock,
  url: string,
  headers: Record<string, string[]>,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const overtime = new AbortController();
  const timer = clock.after(timeoutMs, () =>
    overtime.abort(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
  );
  try {
    let target = url;
    for (let hop = 0; ; hop++) {
      const answer = await getOnce(target, headers, overtime.signal);
      const next = answer.location === undefined ? undefined : new URL(answer.location, target);
      if (!next || answer.status < 300 || answer.status >= 400 || next.hostname !== new URL(url).hostname)
        return answer;
      if (hop >= redirectsMax) throw new Error(`stopped after ${redirectsMax} redirects`);
      target = next.href;
    }
  } finally {
    timer.cancel();
  }
}

/** One GET without keep-alive; certificates are not verified, as probes never do. */
export function getOnce(
  url: string,
  headers: Record<string, string[]>,
  signal: AbortSignal,
): Promise<HttpAnswer & { readonly location?: string | undefined }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : describe(error));
    const options = { headers, signal, agent: false, rejectUnauthorized: false } as const;
    const answer = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const finish = () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8', 0, bodyBytesMax),
          url,
          location: response.headers.location,
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length < bodyBytesMax) return;
        finish();
        response.destroy();
      });
      response.on('end', finish).on('error', fail);
    };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    send(url, options, answer).on('error', fail).end();
  });
}

/** Socket errors as Go words them. */
export function describe(error: Error & { code?: string; address?: string; port?: number }): Error {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
  };
  const text = error.code === undefined ? undefined : words[error.code];
  if (error.code === 'ECONNRESET') return new Error('read: connection reset by peer');
  return text === undefined ? error : new Error(`dial tcp ${error.address}:${error.port}: ${text}`);
}

function tcpProbe(clock: Clock, host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = clock.after(timeoutMs, () =>
      end({ result: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` }),
    );
    const end = (result: ProbeResult) => {
      timer.cancel();
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', () => end({ result: 'success', output: '' }));
    socket.on('error', (error) => end({ result: 'failure', output: describe(error).message }));
  });
}
