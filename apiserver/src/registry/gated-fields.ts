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
  'core.v1.Lifecycle': ['stopSignal'],
  'core.v1.NodeSpec': ['podPreemptionPolicy'],
  'core.v1.PersistentVolumeClaimStatus': ['healthStatus'],
  'core.v1.PodCertificateProjection': ['user'],
  'core.v1.PodSpec': ['schedulingGroup', 'evictionResponders'],
  'core.v1.PodStatus': ['nodeAllocatableResourceClaimStatuses', 'volumeHealth'],
  'core.v1.ProjectedVolumeSource': ['defaultUser'],
  'core.v1.SecretVolumeSource': ['defaultUser'],
  'core.v1.ServiceAccountTokenProjection': ['user'],
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

/** Types that go as a whole with the last of their fields. */
const vanishingTypes: ReadonlySet<string> = new Set(['core.v1.Lifecycle']);

/** What is to be looked at below a type. */
interface Plan {
  readonly gated: readonly string[];
  readonly vanishes?: true;
  /** By the name of a field; of a list or map the one for its items, under no name. */
  readonly below: readonly { readonly name: string; readonly plan: Plan }[];
  readonly holdsItems: boolean;
}

const plans = new WeakMap<Schema, Plan | null>();

/** Undefined where neither the type nor anything in it is behind a gate. */
function planOf(schema: Schema): Plan | undefined {
  const known = plans.get(schema);
  if (known !== undefined) return known ?? undefined;
  // Types that contain themselves are not behind gates.
  plans.set(schema, null);
  const plan = makePlan(schema);
  if (plan.gated.length + plan.below.length === 0) return undefined;
  plans.set(schema, plan);
  return plan;
}

function makePlan(schema: Schema): Plan {
  const below = (name: string, inner: Schema) => {
    const plan = planOf(inner);
    return plan === undefined ? [] : [{ name, plan }];
  };
  switch (schema.type) {
    case 'object': {
      const name = schema.name?.replace(/^io\.k8s\.api\./, '') ?? '';
      return {
        gated: gatedFields[name] ?? [],
        ...(vanishingTypes.has(name) ? { vanishes: true } : {}),
        below: [...schema.fields.values()].flatMap((field) => below(field.name, field.schema)),
        holdsItems: false,
      };
    }
    case 'list':
      return { gated: [], below: below('', schema.items), holdsItems: true };
    case 'map':
      return { gated: [], below: below('', schema.values), holdsItems: true };
    default:
      return { gated: [], below: [], holdsItems: false };
  }
}

/** Takes gated fields out of `object`, in place, unless `old` uses one. */
export function dropGatedFields(object: object, old: object | undefined, schema: Schema): void {
  const plan = planOf(schema);
  if (plan === undefined) return;
  if (old !== undefined && visit(old, plan, () => true)) return;
  visit(object, plan, drop);
}

function drop(holder: Record<string, unknown>, name: string): boolean {
  delete holder[name];
  return false;
}

type Found = (holder: Record<string, unknown>, name: string) => boolean;

/** Tells `found` of every gated field that is set, until it answers true. What vanishes goes once `found` has left nothing in it. */
function visit(value: object, { gated, below, holdsItems }: Plan, found: Found): boolean {
  const holder = value as Record<string, unknown>;
  if (holdsItems) {
    const plan = (below[0] as Plan['below'][number]).plan;
    for (const item of Array.isArray(value) ? value : Object.values(value)) {
      if (isStruct(item) && visit(item, plan, found)) return true;
    }
    return false;
  }
  for (const name of gated) {
    if (holder[name] !== undefined && holder[name] !== null && found(holder, name)) return true;
  }
  for (const { name, plan } of below) {
    const item = holder[name];
    if (!isStruct(item)) continue;
    const mayVanish = plan.vanishes === true && Object.keys(item).length > 0;
    if (visit(item, plan, found)) return true;
    if (mayVanish && Object.keys(item).length === 0) delete holder[name];
  }
  return false;
}

function isStruct(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
