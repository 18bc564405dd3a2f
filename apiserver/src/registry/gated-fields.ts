import type { Schema } from '@coracle/apimachinery/schema';

/**
 * Fields of types that 1.37 has behind feature gates that are off (`+featureGate` in k8s.io/api, defaults of
 * pkg/features/kube_features.go): they are dropped from what a client writes, unless the stored object has them already.
 */
const gatedFields: Readonly<Record<string, readonly string[]>> = {
  'batch.v1.JobSpec': ['scheduling'],
  'core.v1.ClusterTrustBundleProjection': ['user'],
  'core.v1.ConfigMapVolumeSource': ['defaultUser'],
  'core.v1.DownwardAPIVolumeFile': ['user'],
  'core.v1.DownwardAPIVolumeSource': ['defaultUser'],
  'core.v1.EmptyDirVolumeSource': ['mode'],
  'core.v1.GRPCAction': ['mode'],
  'core.v1.HTTPGetAction': ['protocol'],
  'core.v1.KeyToPath': ['user'],
  'core.v1.NodeSpec': ['podPreemptionPolicy'],
  'core.v1.PersistentVolumeClaimStatus': ['healthStatus'],
  'core.v1.PodCertificateProjection': ['user'],
  'core.v1.PodSpec': ['schedulingGroup', 'evictionResponders'],
  'core.v1.PodStatus': ['nodeAllocatableResourceClaimStatuses', 'volumeHealth'],
  'core.v1.ProjectedVolumeSource': ['defaultUser'],
  'core.v1.SecretVolumeSource': ['defaultUser'],
  'core.v1.ServiceAccountTokenProjection': ['user'],
  'core.v1.TypedObjectReference': ['namespace'],
  'core.v1.VolumeMount': ['bindMountOptions'],
  'core.v1.VolumeStatus': ['image'],
  'resource.v1.Device': ['nodeAllocatableResources'],
  'resource.v1.DeviceAttribute': ['ints', 'bools', 'strings', 'versions'],
  'resource.v1.DeviceCounterConsumption': ['compatibilityGroups'],
  'resource.v1.DeviceRequestAllocationResult': ['skipNodeOperations'],
  'resource.v1.DeviceSubRequest': ['derivedAttributes'],
  'resource.v1.ExactDeviceRequest': ['derivedAttributes'],
  'resource.v1.ResourceSliceSpec': ['partitionTypeAttribute', 'skipNodeOperations'],
  'storage.v1.CSINodeStatus': ['storageHealth'],
};

/** What is to be looked at below a type. */
interface Plan {
  readonly gated: readonly string[];
  readonly below: readonly (readonly [name: string, schema: Schema])[];
}

const plans = new WeakMap<Schema, Plan | null>();

/** Undefined where neither the type nor anything in it is behind a gate. */
function planOf(schema: Schema): Plan | undefined {
  const known = plans.get(schema);
  if (known !== undefined) return known ?? undefined;
  // Types that contain themselves are not behind gates.
  plans.set(schema, null);
  let plan: Plan | null = null;
  if (schema.type === 'object') {
    const gated = gatedFields[schema.name?.replace(/^io\.k8s\.api\./, '') ?? ''] ?? [];
    const below = [...schema.fields.values()].flatMap((field) =>
      planOf(field.schema) === undefined ? [] : [[field.name, field.schema] as const],
    );
    if (gated.length + below.length > 0) plan = { gated, below };
  } else if (schema.type === 'list' && planOf(schema.items) !== undefined) {
    plan = { gated: [], below: [['', schema.items]] };
  } else if (schema.type === 'map' && planOf(schema.values) !== undefined) {
    plan = { gated: [], below: [['', schema.values]] };
  }
  plans.set(schema, plan);
  return plan ?? undefined;
}

/** Takes gated fields out of `object`, in place, unless `old` uses one. */
export function dropGatedFields(object: object, old: object | undefined, schema: Schema): void {
  if (planOf(schema) === undefined) return;
  if (old !== undefined && visit(old, schema, () => true)) return;
  visit(object, schema, (holder, name) => {
    delete holder[name];
    return false;
  });
}

type Found = (holder: Record<string, unknown>, name: string) => boolean;

/** Tells `found` of every gated field that is set, until it answers true. */
function visit(value: unknown, schema: Schema, found: Found): boolean {
  const plan = planOf(schema);
  if (plan === undefined || typeof value !== 'object' || value === null) return false;
  if (schema.type === 'list' || schema.type === 'map') {
    const [, items] = plan.below[0] ?? [];
    return items !== undefined && Object.values(value).some((item) => visit(item, items, found));
  }
  const holder = value as Record<string, unknown>;
  for (const name of plan.gated) {
    if (holder[name] !== undefined && holder[name] !== null && found(holder, name)) return true;
  }
  return plan.below.some(([name, inner]) => visit(holder[name], inner, found));
}
