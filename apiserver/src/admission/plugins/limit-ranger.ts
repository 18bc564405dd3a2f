import { canonicalQuantity, compareQuantities, quantityOrZero } from '@coracle/apimachinery/quantity';
import { LimitRanges, PersistentVolumeClaims, Pods } from '@coracle/apimachinery/resources';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '@coracle/apimachinery/types/core-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { podLimits, podRequests } from '../pod-resources.ts';
import { isOf, refuse } from '../refuse.ts';

type Amounts = Readonly<Record<string, string>>;

const annotation = 'kubernetes.io/limit-ranger';

/** Defaults, minima and maxima of what containers, pods and claims of a namespace ask for. */
export function limitRanger({ readers }: AdmissionContext): AdmissionPlugin {
  const rangesOf = ({ namespace }: AdmissionAttributes) => readers.list<LimitRange>(LimitRanges, namespace);
  return {
    name: 'LimitRanger',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) =>
      attributes.oldObject?.metadata?.deletionTimestamp === undefined &&
      (isOf(attributes, PersistentVolumeClaims) || isPodWithNewResources(attributes)),
    async admit(attributes) {
      if (attributes.resource.resource !== Pods.resource) return;
      for (const range of await rangesOf(attributes)) setDefaults(attributes.object as Pod, range);
    },
    async validate(attributes) {
      for (const { spec } of await rangesOf(attributes)) {
        const errors = (spec?.limits ?? []).flatMap((limit) =>
          attributes.resource.resource === Pods.resource
            ? podErrors(limit, attributes.object as Pod)
            : claimErrors(limit, attributes.object as PersistentVolumeClaim),
        );
        if (errors.length === 0) continue;
        throw refuse(attributes, errors.length === 1 ? (errors[0] as string) : `[${[...new Set(errors)].join(', ')}]`);
      }
    },
  };
}

/** Containers of a pod that exists change through `resize` only. */
function isPodWithNewResources(attributes: AdmissionAttributes): boolean {
  if (attributes.operation === 'CREATE') return isOf(attributes, Pods);
  return attributes.subresource === 'resize' && attributes.resource.resource === Pods.resource;
}

function setDefaults(pod: Pod, { spec }: LimitRange): void {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const limit of spec?.limits ?? []) {
    if (limit.type !== 'Container') continue;
    Object.assign(requests, limit.defaultRequest);
    Object.assign(limits, limit.default);
  }
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((each) => setContainerDefaults(each, 'container', requests, limits)),
    ...(pod.spec?.initContainers ?? []).flatMap((each) =>
      setContainerDefaults(each, 'init container', requests, limits),
    ),
  ];
  if (notes.length === 0) return;
  pod.metadata ??= {};
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function setContainerDefaults(container: Container, kind: string, requests: Amounts, limits: Amounts): string[] {
  const own = container.resources ?? {};
  const newRequests = missingFrom(own.requests, requests);
  const newLimits = missingFrom(own.limits, limits);
  if (newRequests.length === 0 && newLimits.length === 0) return [];
  container.resources = {
    ...own,
    requests: { ...Object.fromEntries(newRequests), ...own.requests },
    limits: { ...Object.fromEntries(newLimits), ...own.limits },
  };
  const note = (added: readonly (readonly [string, string])[], what: string) =>
    added.length === 0
      ? []
      : [
          `${added
            .map(([name]) => name)
            .toSorted()
            .join(', ')} ${what} for ${kind} ${container.name}`,
        ];
  return [...note(newRequests, 'request'), ...note(newLimits, 'limit')];
}

function missingFrom(present: Amounts | undefined, wanted: Amounts): [string, string][] {
  return Object.entries(wanted).filter(([name]) => present?.[name] === undefined);
}

function podErrors(limit: LimitRangeItem, pod: Pod): string[] {
  if (limit.type === 'Pod') return errorsOf(limit, podRequests(pod), podLimits(pod));
  if (limit.type !== 'Container') return [];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap(({ resources }) => errorsOf(limit, resources?.requests ?? {}, resources?.limits ?? {}));
}

function errorsOf(limit: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const { type, min = {}, max = {}, maxLimitRequestRatio = {} } = limit;
  return [
    ...Object.entries(min).map(([name, bound]) => belowMin(type, name, bound, requests[name], limits[name])),
    ...Object.entries(max).map(([name, bound]) => aboveMax(type, name, bound, requests[name], limits[name])),
    ...Object.entries(maxLimitRequestRatio).map(([name, bound]) =>
      aboveRatio(type, name, bound, requests[name], limits[name]),
    ),
  ].filter((error) => error !== undefined);
}

type Amount = string | undefined;

function belowMin(type: string, name: string, bound: string, request: Amount, limit: Amount): string | undefined {
  const rule = `minimum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${rule}, but request is ${canonicalQuantity(request)}`;
  if (limit !== undefined && compareQuantities(limit, bound) < 0)
    return `${rule}, but limit is ${canonicalQuantity(limit)}`;
  return undefined;
}

function aboveMax(type: string, name: string, bound: string, request: Amount, limit: Amount): string | undefined {
  const rule = `maximum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${rule}, but limit is ${canonicalQuantity(limit)}`;
  if (request !== undefined && compareQuantities(request, bound) > 0) {
    return `${rule}, but request is ${canonicalQuantity(request)}`;
  }
  return undefined;
}

function aboveRatio(type: string, name: string, bound: string, request: Amount, limit: Amount): string | undefined {
  const rule = `${name} max limit to request ratio per ${type} is ${canonicalQuantity(bound)}`;
  const [asked, allowed] = [numberOf(request), numberOf(limit)];
  if (asked === 0) return `${rule}, but no request is specified or request is 0`;
  if (allowed === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = allowed / asked;
  return ratio > numberOf(bound) ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

function numberOf(amount: Amount): number {
  return quantityOrZero(amount).toNumber();
}

function claimErrors(limit: LimitRangeItem, { spec }: PersistentVolumeClaim): string[] {
  if (limit.type !== 'PersistentVolumeClaim') return [];
  const requests = spec?.resources?.requests ?? {};
  const tooSmall = Object.entries(limit.min ?? {}).map(([name, bound]) =>
    belowMin(limit.type, name, bound, requests[name], undefined),
  );
  const tooLarge = Object.entries(limit.max ?? {}).map(([name, bound]) => {
    const rule = `maximum ${name} usage per ${limit.type} is ${canonicalQuantity(bound)}`;
    const request = requests[name];
    if (request === undefined) return `${rule}.  No request is specified`;
    return compareQuantities(request, bound) > 0 ? `${rule}, but request is ${canonicalQuantity(request)}` : undefined;
  });
  return [...tooSmall, ...tooLarge].filter((error) => error !== undefined);
}
