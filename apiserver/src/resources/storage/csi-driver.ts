import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '@coracle/apimachinery/types/storage-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const mutable = [
  'podInfoOnMount',
  'storageCapacity',
  'fsGroupPolicy',
  'tokenRequests',
  'requiresRepublish',
  'seLinuxMount',
  'nodeAllocatableUpdatePeriodSeconds',
  'preventPodSchedulingIfMissing',
  'serviceAccountTokenInSecrets',
] as const;
const tokenSecondsMin = 600;
const tokensInSecrets =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
const allocatablePeriodSecondsMin = 10;

export const csiDriverStrategy: Strategy<CSIDriver> = {
  resource: { group: 'storage.k8s.io', resource: 'csidrivers' },
  unconditionalUpdate: false,
  // Counted from nothing, and only for what may change.
  generation: 'none',
  prepareForUpdate(object, old) {
    const { metadata } = object;
    if (metadata === undefined || mutable.every((name) => semanticEqual(object.spec[name], old.spec[name]))) return;
    metadata.generation = (old.metadata?.generation ?? 0) + 1;
  },
  deletion: { returnsObject: true },
  defaults(object) {
    const spec = specOf(object);
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
    spec.preventPodSchedulingIfMissing ??= false;
  },
  validate: (object) => validateSpec(specOf(object)),
  warnings(object, old) {
    const { tokenRequests, serviceAccountTokenInSecrets } = object.spec;
    const asks = (tokenRequests ?? []).length > 0 && serviceAccountTokenInSecrets === undefined;
    return asks && !semanticEqual(tokenRequests, old?.spec.tokenRequests) ? [tokensInSecrets] : [];
  },
  validateUpdate: (object, old) => [
    ...validateImmutable(object.spec.attachRequired, old.spec.attachRequired, 'spec.attachedRequired'),
    ...validateImmutable(object.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, 'spec.volumeLifecycleModes'),
  ],
  table: {
    columns: [
      nameColumn,
      column('AttachRequired', 'boolean', 'Whether volumes are attached to nodes'),
      column('PodInfoOnMount', 'boolean', 'Whether the driver is told about the pod'),
      column('StorageCapacity', 'boolean', 'Whether the driver publishes its capacity'),
      column('TokenRequests', 'string', 'Audiences of the tokens it gets'),
      column('RequiresRepublish', 'boolean', 'Whether volumes are published again and again'),
      column('Modes', 'string', 'Kinds of volumes it makes'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.attachRequired ?? true,
      object.spec?.podInfoOnMount ?? false,
      object.spec?.storageCapacity ?? false,
      object.spec?.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
      object.spec?.requiresRepublish ?? false,
      (object.spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
      ageOf(object, now),
    ],
  },
};

/** pkg/apis/storage/validation.validateCSIDriverSpec */
function validateSpec(spec: CSIDriverSpec): FieldError[] {
  const { fsGroupPolicy, tokenRequests, volumeLifecycleModes = [], nodeAllocatableUpdatePeriodSeconds: period } = spec;
  const errors: FieldError[] = [];
  if (fsGroupPolicy !== undefined && !fsGroupPolicies.includes(fsGroupPolicy)) {
    errors.push(field.notSupported('spec.fsGroupPolicy', fsGroupPolicy, fsGroupPolicies));
  }
  errors.push(...validateTokenRequests(tokenRequests ?? [], 'spec.tokenRequests'));
  for (const mode of volumeLifecycleModes) {
    const modes = ['Persistent', 'Ephemeral'];
    if (!modes.includes(mode)) errors.push(field.notSupported('spec.volumeLifecycleModes', mode, modes));
  }
  if (period !== undefined && period < allocatablePeriodSecondsMin) {
    const text = `must be greater than or equal to ${allocatablePeriodSecondsMin} seconds`;
    errors.push(field.invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, text));
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && (tokenRequests ?? []).length === 0) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(field.invalid('spec.serviceAccountTokenInSecrets', spec.serviceAccountTokenInSecrets, text));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[], path: string): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience = '', expirationSeconds }, index) => {
    if (audiences.has(audience)) return [field.duplicate(`${path}[${index}].audience`, audience)];
    audiences.add(audience);
    const at = `${path}[${index}].expirationSeconds`;
    if (expirationSeconds === undefined) return [];
    if (expirationSeconds < tokenSecondsMin) {
      return [field.invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes')];
    }
    if (expirationSeconds <= 2 ** 32) return [];
    return [field.invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  });
}
