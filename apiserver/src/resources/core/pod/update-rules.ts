import type { Container, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import { ipWarnings } from '@coracle/apimachinery/validation';
import { ephemeralContainersUpdateErrors, podErrors, podStatusErrors, resizeErrors } from '../pod-validation/index.ts';
import type { UpdateRules } from '../../shared/registry.ts';
import { setPodLevelResources } from './pod-level-resources.ts';
import { podSpecChanged } from './prepare.ts';

/** What each subresource of a pod lets through (pkg/registry/core/pod/strategy.go). */
export const statusRules: UpdateRules<Pod> = {
  resetFields: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  prepareForUpdate(pod, old) {
    if (old.spec) pod.spec = old.spec;
    restoreOwners(pod, old);
    const status = (pod.status ??= {});
    const before = old.status ?? {};
    for (const name of keptWhenAbsent) {
      if (status[name] === undefined && before[name] !== undefined) Object.assign(status, { [name]: before[name] });
    }
    keepConditionGenerations(status, before);
  },
  validateUpdate: podStatusErrors,
  warnings: ({ status }) => [
    ...(status?.podIPs ?? []).flatMap(({ ip }, index) => ipWarnings(`status.podIPs[${index}].ip`, ip)),
    ...(status?.hostIPs ?? []).flatMap(({ ip }, index) => ipWarnings(`status.hostIPs[${index}].ip`, ip)),
  ],
};

/** Parts of the status that others than the node agent write: an update without them leaves them. */
const keptWhenAbsent = [
  'qosClass',
  'resourceClaimStatuses',
  'extendedResourceClaimStatus',
  'observedGeneration',
] as const satisfies readonly (keyof PodStatus)[];

function keepConditionGenerations(status: PodStatus, before: PodStatus): void {
  for (const condition of status.conditions ?? []) {
    const old = before.conditions?.find(({ type }) => type === condition.type);
    if (old?.observedGeneration !== undefined) condition.observedGeneration ??= old.observedGeneration;
  }
}

function restoreOwners(pod: Pod, old: Pod): void {
  const meta = (pod.metadata ??= {});
  if (old.metadata?.ownerReferences) meta.ownerReferences = old.metadata.ownerReferences;
  else delete meta.ownerReferences;
}

/** Only ephemeral containers change. */
export const ephemeralContainersRules: UpdateRules<Pod> = {
  // What is put back is owned all the same: upstream's endpoint names no fields that it resets.
  resetFields: [],
  generation: podSpecChanged,
  prepareForUpdate(pod, old) {
    const { ephemeralContainers } = pod.spec ?? {};
    restoreAll(pod, old);
    const spec = (pod.spec ??= { containers: [] });
    delete spec.ephemeralContainers;
    if (ephemeralContainers) spec.ephemeralContainers = ephemeralContainers;
  },
  validateUpdate: (pod, old) => [...podErrors(pod, false), ...ephemeralContainersUpdateErrors(pod, old)],
};

/** Only resources and resize policies of containers that stay in their places change. */
export const resizeRules: UpdateRules<Pod> = {
  resetFields: [],
  generation: podSpecChanged,
  prepareForUpdate(pod, old) {
    const wanted = pod.spec;
    const before = old.spec;
    if (!wanted || !before) return;
    const sameCount =
      wanted.containers.length === before.containers.length &&
      (wanted.initContainers?.length ?? 0) === (before.initContainers?.length ?? 0);
    // Another number of containers is validation's business.
    if (!sameCount) return;
    const resources = wanted.resources ?? before.resources;
    const initContainers = resized(wanted.initContainers, before.initContainers);
    const containers = resized(wanted.containers, before.containers) ?? [];
    restoreAll(pod, old);
    pod.spec = { ...before, containers, ...(initContainers && { initContainers }), ...(resources && { resources }) };
    if (resources) setPodLevelResources(pod);
  },
  validateUpdate: (pod, old) => [...podErrors(pod, false), ...resizeErrors(pod, old)],
};

function restoreAll(pod: Pod, old: Pod): void {
  if (old.spec) pod.spec = structuredClone(old.spec);
  if (old.status) pod.status = old.status;
  // In place: the caller goes on with this very object, to count its generation among others.
  const meta = (pod.metadata ??= {});
  const { managedFields, resourceVersion } = meta;
  for (const name of Object.keys(meta)) delete meta[name as keyof typeof meta];
  Object.assign(meta, old.metadata, managedFields && { managedFields }, resourceVersion && { resourceVersion });
}

function resized(
  wanted: readonly Container[] | undefined,
  before: readonly Container[] | undefined,
): Container[] | undefined {
  if (!wanted || !before) return before?.slice();
  // Renamed or moved containers go on as they are, for validation to refuse.
  if (wanted.some(({ name }, index) => name !== before[index]?.name)) return [...wanted];
  return wanted.map((container, index) => {
    const { resources: _, resizePolicy: __, ...rest } = before[index] as Container;
    const { resources, resizePolicy } = container;
    return { ...rest, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) };
  });
}
