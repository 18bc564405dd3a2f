import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '@coracle/apimachinery/types/core-v1';
import { httpHeaderName, portName, portNumber } from '@coracle/apimachinery/validation';
import { nonNegativeErrors } from './rules.ts';

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

export function probeErrors(
  probe: Probe | undefined,
  kind: ProbeKind,
  graceSeconds: number | undefined,
  path: string,
): FieldError[] {
  if (!probe) return [];
  const errors = handlerErrors(probe, graceSeconds, path);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    errors.push(...nonNegativeErrors(probe[name], `${path}.${name}`));
  }
  const { terminationGracePeriodSeconds: own, successThreshold } = probe;
  const gracePath = `${path}.terminationGracePeriodSeconds`;
  if (own !== undefined && own <= 0) errors.push(field.invalid(gracePath, own, 'must be greater than 0'));
  if (kind === 'readinessProbe' && own !== undefined)
    errors.push(field.invalid(gracePath, own, 'must not be set for readinessProbes'));
  if (kind !== 'readinessProbe' && successThreshold !== 1) {
    errors.push(field.invalid(`${path}.successThreshold`, successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}

export function lifecycleErrors(
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (lifecycle?.postStart) errors.push(...handlerErrors(lifecycle.postStart, graceSeconds, `${path}.postStart`));
  if (lifecycle?.preStop) errors.push(...handlerErrors(lifecycle.preStop, graceSeconds, `${path}.preStop`));
  return errors;
}

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

/** Exactly one way to do it; the ways are looked at in this order. */
function handlerErrors(handler: Handler, graceSeconds: number | undefined, path: string): FieldError[] {
  const ways = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (name) => handler[name] !== undefined,
  );
  const [first, ...others] = ways;
  if (!first) return [field.required(path, 'must specify a handler type')];
  return [
    ...wayErrors(handler, first, graceSeconds, `${path}.${first}`),
    ...others.map((name) => field.forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function wayErrors(handler: Handler, way: keyof Handler, graceSeconds: number | undefined, path: string): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  switch (way) {
    case 'exec':
      return exec?.command?.length ? [] : [field.required(`${path}.command`)];
    case 'httpGet':
      return httpGet ? httpGetErrors(httpGet, path) : [];
    case 'tcpSocket':
      return portErrors(tcpSocket?.port ?? 0, `${path}.port`);
    case 'grpc':
      return portErrors(grpc?.port ?? 0, `${path}.port`);
    case 'sleep': {
      const seconds = sleep?.seconds ?? 0;
      if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return [];
      const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
      return [field.invalid(path, seconds, text)];
    }
  }
}

function httpGetErrors({ path: target, port, scheme = '', httpHeaders }: HTTPGetAction, path: string): FieldError[] {
  const errors = target ? [] : [field.required(`${path}.path`)];
  errors.push(...portErrors(port, `${path}.port`));
  if (scheme !== 'HTTP' && scheme !== 'HTTPS')
    errors.push(field.notSupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']));
  for (const { name } of httpHeaders ?? []) {
    errors.push(...httpHeaderName(name).map((text) => field.invalid(`${path}.httpHeaders`, name, text)));
  }
  return errors;
}

/** A port by number or by name. */
function portErrors(port: number | string, path: string): FieldError[] {
  const findings = typeof port === 'number' ? portNumber(port) : portName(port);
  return findings.map((text) => field.invalid(path, port, text));
}
