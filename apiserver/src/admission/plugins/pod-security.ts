import { invalid, quote } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Namespaces, Pods } from '@coracle/apimachinery/resources';
import type { Namespace, Pod, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import {
  isFullyPrivileged,
  isStricter,
  type LevelVersion,
  type Policy,
  policyOf,
  printLevel,
  printViolations,
  violationsOf,
} from '../pod-security/policy.ts';
import { isOf, refuse } from '../refuse.ts';

/** Subresources whose body is no pod, or cannot change one's spec. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  '/podtemplates': ['template'],
  '/replicationcontrollers': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'batch/jobs': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
};
/** Pods that a stricter label is tried on. */
const podsTriedMax = 3000;

/** The Pod Security Standards, as the labels of a namespace ask for them (k8s.io/pod-security-admission). */
export function podSecurity({ readers }: AdmissionContext): AdmissionPlugin {
  /** Of namespaces as they are stored: labels are read once, and not for each pod. */
  const policies = new WeakMap<Namespace, Policy>();
  const policyIn = async (name: string) => {
    const namespace = await readers.get<Namespace>(Namespaces, { name });
    let policy = namespace && policies.get(namespace);
    if (policy === undefined) {
      policy = policyOf(namespace?.metadata?.labels).policy;
      if (namespace !== undefined) policies.set(namespace, policy);
    }
    return policy;
  };
  return {
    name: 'PodSecurity',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) => isPod(attributes) || isOf(attributes, Namespaces) || templateOf(attributes) !== undefined,
    async validate(attributes) {
      if (isOf(attributes, Namespaces)) return validateNamespace(readers, attributes);
      const policy = await policyIn(attributes.namespace);
      if (isFullyPrivileged(policy)) return;
      const { metadata, spec } = (isPod(attributes) ? attributes.object : templateOf(attributes)) as Pod;
      if (spec === undefined) return;
      if (isPod(attributes)) {
        if (!isSignificant(attributes)) return;
        enforce(attributes, policy.enforce, violationsOf(policy.enforce, metadata, spec));
      }
      tell(attributes, policy, metadata, spec);
    },
  };
}

function isPod({ resource, subresource }: AdmissionAttributes): boolean {
  return resource.group === '' && resource.resource === Pods.resource && !ignoredSubresources.has(subresource);
}

function templateOf({ resource, subresource, object }: AdmissionAttributes): PodTemplateSpec | undefined {
  const path = subresource === '' ? templatePaths[`${resource.group}/${resource.resource}`] : undefined;
  if (path === undefined) return undefined;
  let at: unknown = object;
  for (const step of path) at = (at as Record<string, unknown> | undefined)?.[step];
  return at as PodTemplateSpec | undefined;
}

/** Of a pod that exists only images and ephemeral containers change in a way that matters. */
function isSignificant({ operation, object, oldObject }: AdmissionAttributes): boolean {
  if (operation === 'CREATE') return true;
  const images = (each: KubernetesObject | undefined) => {
    const { spec } = (each ?? {}) as Pod;
    const containers = [
      ...(spec?.containers ?? []),
      ...(spec?.initContainers ?? []),
      ...(spec?.ephemeralContainers ?? []),
    ];
    return containers.map(({ name, image }) => [name, image]);
  };
  return !deepEqual(images(object), images(oldObject));
}

function enforce(
  attributes: AdmissionAttributes,
  level: LevelVersion,
  violations: ReturnType<typeof violationsOf>,
): void {
  attributes.annotate('pod-security.kubernetes.io/enforce-policy', printLevel(level));
  if (violations.length === 0) return;
  throw refuse(attributes, `violates PodSecurity ${quote(printLevel(level))}: ${printViolations(violations)}`);
}

function tell(
  attributes: AdmissionAttributes,
  { audit, warn }: Policy,
  metadata: Pod['metadata'],
  spec: NonNullable<Pod['spec']>,
): void {
  const textOf = (level: LevelVersion): string | undefined => {
    const violations = violationsOf(level, metadata, spec);
    return violations.length === 0
      ? undefined
      : `would violate PodSecurity ${quote(printLevel(level))}: ${printViolations(violations)}`;
  };
  const audited = textOf(audit);
  if (audited !== undefined) attributes.annotate('pod-security.kubernetes.io/audit-violations', audited);
  const warned = textOf(warn);
  if (warned !== undefined) attributes.warn(warned);
}

async function validateNamespace(readers: Readers, attributes: AdmissionAttributes): Promise<void> {
  const { object, oldObject, operation, kind } = attributes;
  const name = object?.metadata?.name ?? '';
  const { policy, errors } = policyOf(object?.metadata?.labels);
  const old = operation === 'UPDATE' ? policyOf(oldObject?.metadata?.labels) : undefined;
  if (errors.length > 0 && !deepEqual(errors, old?.errors)) throw invalid(kind, name, errors);
  if (old === undefined || policy.enforce.level === 'privileged' || deepEqual(policy.enforce, old.policy.enforce))
    return;
  const sameVersion = policy.enforce.version === old.policy.enforce.version;
  if (sameVersion && !isStricter(policy.enforce, old.policy.enforce)) return;
  await warnOfPods(readers, attributes, name, policy.enforce);
}

/** Pods that are there stay: who makes the rules stricter is told which of them would not be let in again. */
async function warnOfPods(
  readers: Readers,
  attributes: AdmissionAttributes,
  namespace: string,
  level: LevelVersion,
): Promise<void> {
  const pods = await readers.list<Pod>(Pods, namespace);
  const byReason = new Map<string, string[]>();
  for (const { metadata, spec } of pods.slice(0, podsTriedMax)) {
    const violations = spec === undefined ? [] : violationsOf(level, metadata, spec);
    if (violations.length === 0) continue;
    const reason = violations.map((violation) => violation.reason).join(', ');
    byReason.set(reason, [...(byReason.get(reason) ?? []), metadata?.name ?? '']);
  }
  if (pods.length > podsTriedMax) {
    attributes.warn(
      `new PodSecurity enforce level only checked against the first ${podsTriedMax} of ${pods.length} existing pods`,
    );
  }
  if (byReason.size === 0) return;
  attributes.warn(
    `existing pods in namespace ${quote(namespace)} violate the new PodSecurity enforce level ${quote(printLevel(level))}`,
  );
  const texts = [...byReason].map(
    ([reason, names]) => `${names.toSorted()[0]}${othersText(names.length - 1)}: ${reason}`,
  );
  for (const text of texts.toSorted()) attributes.warn(text);
}

function othersText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ' (and 1 other pod)' : ` (and ${count} other pods)`;
}
