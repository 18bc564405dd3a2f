import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepCopy, semanticEqual } from '@coracle/apimachinery/json';
import type {
  Container,
  ContainerStatus,
  NodeAffinity,
  Pod,
  PodSpec,
  Toleration,
} from '@coracle/apimachinery/types/core-v1';
import { dns1123Subdomain, qualifiedName, validateImmutable, validateLegacyIp } from '@coracle/apimachinery/validation';
import { qualityOfService } from '../pod/quality-of-service.ts';
import { mirrorAnnotation } from '../../shared/mirror-pod.ts';
import { formatErrors } from '../../shared/field-rules.ts';

const emptySpec: PodSpec = { containers: [] };
const int32Max = 2_147_483_647;

/** What an ordinary update of a pod may change; everything else is put on trial together. */
const changeable =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
  '`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function podUpdateErrors(pod: Pod, old: Pod): FieldError[] {
  const spec = pod.spec ?? emptySpec;
  const before = old.spec ?? emptySpec;
  for (const name of ['containers', 'initContainers'] as const) {
    const errors = containerListErrors(spec[name] ?? [], before[name] ?? [], `spec.${name}`);
    if (errors.length > 0) return errors;
  }
  const deadlines = deadlineErrors(spec.activeDeadlineSeconds, before.activeDeadlineSeconds);
  if (deadlines.length > 0) return deadlines;
  const errors = [...addedTolerationErrors(spec.tolerations, before.tolerations), ...gateUpdateErrors(spec, before)];
  if (semanticEqual(spec, before)) return errors;
  const rest = deepCopy(spec);
  restoreChangeable(rest, before);
  if (before.schedulingGates?.length) errors.push(...gatedErrors(rest, before));
  if (!semanticEqual(rest, before)) {
    errors.push(field.forbidden('spec', `pod updates may not change fields other than ${changeable}\n`));
  }
  return errors;
}

function containerListErrors(
  containers: readonly Container[],
  before: readonly Container[],
  path: string,
): FieldError[] {
  if (containers.length !== before.length)
    return [field.forbidden(path, 'pod updates may not add or remove containers')];
  return containers.flatMap(({ image }, index) => {
    const at = `${path}[${index}].image`;
    if (!image) return [field.required(at)];
    return image.trim() === image ? [] : [field.invalid(at, image, 'must not have leading or trailing whitespace')];
  });
}

function deadlineErrors(now: number | undefined, before: number | undefined): FieldError[] {
  const path = 'spec.activeDeadlineSeconds';
  if (now === undefined) {
    return before === undefined
      ? []
      : [field.invalid(path, null, 'must not update from a positive integer to nil value')];
  }
  if (now < 0 || now > int32Max) return [field.invalid(path, now, `must be between 0 and ${int32Max}, inclusive`)];
  if (before === undefined || before >= now) return [];
  return [field.invalid(path, now, 'must be less than or equal to previous value')];
}

function addedTolerationErrors(
  now: readonly Toleration[] | undefined,
  before: readonly Toleration[] | undefined,
): FieldError[] {
  const same = ({ tolerationSeconds: _, ...toleration }: Toleration, other: Toleration) =>
    semanticEqual(toleration, { ...other, tolerationSeconds: undefined });
  const kept = (before ?? []).every((old) => (now ?? []).some((toleration) => same(toleration, old)));
  return kept
    ? []
    : [field.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function gateUpdateErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const old = new Set((before.schedulingGates ?? []).map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    if (old.has(name)) return [];
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [field.forbidden(`spec.schedulingGates[${index}].name`, text)];
  });
}

function restoreChangeable(spec: PodSpec, before: PodSpec): void {
  for (const name of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[name] ?? []).entries()) {
      const image = before[name]?.[index]?.image;
      if (image !== undefined) container.image = image;
    }
  }
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const) restore(spec, before, name);
  const grace = before.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && spec.terminationGracePeriodSeconds === 1)
    spec.terminationGracePeriodSeconds = grace;
}

function restore<K extends keyof PodSpec>(spec: PodSpec, before: PodSpec, name: K): void {
  if (before[name] === undefined) delete spec[name];
  else spec[name] = before[name];
}

/** While a pod is gated its node selection may become narrower (KEP-3838). */
function gatedErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!semanticEqual(spec.nodeSelector, before.nodeSelector)) {
    const kept = Object.entries(before.nodeSelector ?? {}).every(
      ([name, value]) => spec.nodeSelector?.[name] === value,
    );
    if (!kept)
      errors.push(
        field.invalid(
          'spec.nodeSelector',
          spec.nodeSelector,
          'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
        ),
      );
    restore(spec, before, 'nodeSelector');
  }
  const now = spec.affinity?.nodeAffinity;
  const old = before.affinity?.nodeAffinity;
  if (semanticEqual(now, old)) return errors;
  if (!narrows(now, old)) {
    const text = 'only additions are allowed (no mutations or deletions)';
    errors.push(field.invalid('spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution', now, text));
  }
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  const affinity = old === undefined ? others : { ...others, nodeAffinity: old };
  if (Object.keys(affinity).length === 0 && before.affinity === undefined) delete spec.affinity;
  else spec.affinity = affinity;
  return errors;
}

function narrows(now: NodeAffinity | undefined, old: NodeAffinity | undefined): boolean {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!before?.length) return true;
  const after = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (after.length !== before.length) return false;
  return before.every((term, index) => {
    const next = after[index];
    const kept = (name: 'matchExpressions' | 'matchFields') =>
      (term[name] ?? []).every((item, position) => semanticEqual(item, next?.[name]?.[position]));
    return kept('matchExpressions') && kept('matchFields');
  });
}

export function podStatusErrors(pod: Pod, old: Pod): FieldError[] {
  const status = pod.status ?? {};
  const before = old.status ?? {};
  const errors: FieldError[] = [];
  for (const [index, { type, observedGeneration = 0 }] of (status.conditions ?? []).entries()) {
    const at = `status.conditions[${index}]`;
    if (observedGeneration < 0)
      errors.push(field.invalid(`${at}.observedGeneration`, observedGeneration, 'must be a non-negative integer'));
    if (!['PodScheduled', 'Ready', 'Initialized'].includes(type))
      errors.push(...formatErrors(qualifiedName, type, `${at}.Type`));
  }
  const { nominatedNodeName } = status;
  if (nominatedNodeName && nominatedNodeName !== before.nominatedNodeName) {
    const path = 'status.nominatedNodeName';
    errors.push(...formatErrors(dns1123Subdomain, nominatedNodeName, path));
    if (old.spec?.nodeName)
      errors.push(field.forbidden(path, 'may not be set on pods that are already bound to a node'));
  }
  if ((status.observedGeneration ?? 0) < 0) {
    errors.push(
      field.invalid('status.observedGeneration', status.observedGeneration, 'must be a non-negative integer'),
    );
  }
  errors.push(...validateImmutable(status.qosClass, before.qosClass, 'status.qosClass'));
  errors.push(
    ...transitionErrors(
      status.containerStatuses,
      before.containerStatuses,
      old.spec,
      'containers',
      'status.containerStatuses',
    ),
  );
  const path = 'status.initContainerStatuses';
  errors.push(
    ...transitionErrors(status.initContainerStatuses, before.initContainerStatuses, old.spec, 'initContainers', path),
  );
  errors.push(...addressErrors(status.podIPs, 'status.podIPs'), ...addressErrors(status.hostIPs, 'status.hostIPs'));
  return errors;
}

/** A container that has ended and may not be restarted stays ended. */
function transitionErrors(
  now: readonly ContainerStatus[] | undefined,
  before: readonly ContainerStatus[] | undefined,
  spec: PodSpec | undefined,
  list: 'containers' | 'initContainers',
  path: string,
): FieldError[] {
  return (before ?? []).flatMap(({ name, state }, index) => {
    const ended = state?.terminated;
    const next = now?.find((status) => status.name === name);
    if (!ended || !next || next.state?.terminated) return [];
    const container = spec?.[list]?.find((candidate) => candidate.name === name);
    if (mayRestart(container, spec?.restartPolicy, ended.exitCode, list)) return [];
    return [field.forbidden(`${path}[${index}].state`, 'may not be transitioned to non-terminated state')];
  });
}

function mayRestart(
  container: Container | undefined,
  podPolicy: string | undefined,
  exitCode: number,
  list: string,
): boolean {
  for (const { exitCodes } of container?.restartPolicyRules ?? []) {
    const listed = exitCodes?.values?.includes(exitCode) === true;
    if (exitCodes && (exitCodes.operator === 'In') === listed) return true;
  }
  const policy = container?.restartPolicy ?? podPolicy;
  if (policy === 'Always') return true;
  // An init container that failed runs again unless the pod never restarts.
  return policy === 'OnFailure' && (exitCode !== 0 || (list === 'initContainers' && exitCode !== 0));
}

function addressErrors(addresses: readonly { ip: string }[] | undefined, path: string): FieldError[] {
  return (addresses ?? []).flatMap(({ ip }, index) => validateLegacyIp(`${path}[${index}].ip`, ip));
}

export function ephemeralContainersUpdateErrors(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [field.forbidden('', 'static pods do not support ephemeral containers')];
  }
  const path = 'spec.ephemeralContainers';
  const now = new Map((pod.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (old.spec?.ephemeralContainers ?? []).flatMap((container) => {
    const next = now.get(container.name);
    const what = `existing ephemeral containers ${JSON.stringify(container.name)} may not be`;
    if (!next) return [field.forbidden(path, `${what} removed\n`)];
    return semanticEqual(next, container) ? [] : [field.forbidden(path, `${what} changed\n`)];
  });
}

export function resizeErrors(pod: Pod, old: Pod): FieldError[] {
  const spec = pod.spec ?? emptySpec;
  const before = old.spec ?? emptySpec;
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined)
    return [field.forbidden('', 'static pods cannot be resized')];
  if (before.os?.name === 'windows') return [field.forbidden('', 'windows pods cannot be resized')];
  const errors: FieldError[] = [];
  const quality = old.status?.qosClass ?? qualityOfService(old);
  if (quality !== qualityOfService(pod)) {
    errors.push(field.invalid('spec', quality, 'Pod QOS Class may not change as a result of resizing'));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running);
  if (running && running.resources === undefined)
    errors.push(field.forbidden('spec', 'Pod running on node without support for resize'));
  for (const name of ['containers', 'initContainers'] as const) {
    const found = orderErrors(spec[name] ?? [], before[name] ?? [], `spec.${name}`);
    if (found.length > 0) return [...errors, ...found];
    errors.push(...listResizeErrors(spec, before, name));
  }
  if (errors.length > 0) return errors;
  const rest = { ...spec, containers: before.containers };
  restore(rest, before, 'initContainers');
  restore(rest, before, 'resources');
  return semanticEqual(rest, before) ? [] : [field.forbidden('spec', 'only cpu and memory resources are mutable')];
}

function orderErrors(now: readonly Container[], before: readonly Container[], path: string): FieldError[] {
  if (now.length !== before.length)
    return [field.forbidden(path, `${path.slice(5)} may not be added or removed on resize`)];
  return now.flatMap(({ name }, index) =>
    name === before[index]?.name
      ? []
      : [field.forbidden(`${path}[${index}].name`, `${path.slice(5)} may not be renamed or reordered on resize`)],
  );
}

function listResizeErrors(spec: PodSpec, before: PodSpec, name: 'containers' | 'initContainers'): FieldError[] {
  return (spec[name] ?? []).flatMap((container, index) => {
    const old = before[name]?.[index] as Container;
    const path = `spec.${name}[${index}]`;
    const sidecar = name === 'initContainers' && container.restartPolicy === 'Always';
    if (name === 'initContainers' && !sidecar) {
      return semanticEqual(container, old)
        ? []
        : [field.forbidden('spec', 'resources for non-sidecar init containers are immutable')];
    }
    const errors: FieldError[] = [];
    for (const list of ['requests', 'limits'] as const) {
      const now = container.resources?.[list] ?? {};
      const removed = Object.keys(old.resources?.[list] ?? {}).some((resource) => now[resource] === undefined);
      if (removed) errors.push(field.forbidden(`${path}.resources.${list}`, `resource ${list} cannot be removed`));
    }
    if (!semanticEqual(withoutCompute(container), withoutCompute(old))) {
      const text = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(
        sidecar ? field.forbidden(path, text) : field.forbidden('spec', 'only cpu and memory resources are mutable'),
      );
    }
    return errors;
  });
}

function withoutCompute(container: Container): Container {
  const { limits, requests, ...rest } = container.resources ?? {};
  const others = { ...othersIn('limits', limits), ...othersIn('requests', requests) };
  return { ...container, resources: { ...rest, ...others } };
}

function othersIn(name: 'limits' | 'requests', list: Readonly<Record<string, string>> | undefined): object {
  const { cpu: _cpu, memory: _memory, ...others } = list ?? {};
  return Object.keys(others).length === 0 ? {} : { [name]: others };
}
