import { type FieldError, field } from '@coracle/apimachinery/errors';
import { humanAge } from '@coracle/apimachinery/quantity';
import type {
  DeviceClaim,
  DeviceClass,
  DeviceTaintRule,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '@coracle/apimachinery/types/resource-v1';
import { validateConditions, validateImmutable } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import { type Strategy, timestamp } from '../shared/registry.ts';
import { restoreStatus } from '../shared/status.ts';
import { templateMetadataErrors } from '../shared/template-metadata.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { validateClaimStatus } from './claim-status.ts';
import { validateDeviceClaim, validateDeviceConfiguration, validateSelectors } from './claim-validation.ts';
import { validateTaint } from './device-validation.ts';
import { validateLabelName, validatePoolName } from './names.ts';
import { driverNameErrors } from '../shared/driver-name.ts';
import { validateSliceSpec } from './slice-validation.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const group = 'resource.k8s.io';

export const deviceClassStrategy: Strategy<DeviceClass> = {
  resource: { group, resource: 'deviceclasses' },
  declaresName: true,
  validate: (object) => [
    ...validateSelectors(object.spec?.selectors, 'spec.selectors'),
    ...(object.spec?.config ?? []).flatMap((config, index) =>
      validateDeviceConfiguration(config, `spec.config[${index}]`),
    ),
  ],
  deletion: { returnsObject: true },
  table: { columns: [nameColumn, ageColumn], row: (object, now) => [object.metadata?.name, ageOf(object, now)] },
};

export const resourceClaimStrategy: Strategy<ResourceClaim> = {
  resource: { group, resource: 'resourceclaims' },
  deletion: { returnsObject: true },
  generation: 'none',
  defaults: (object) => setClaimDefaults(specOf(object).devices),
  validate: (object, old) => (old === undefined ? validateDeviceClaim(object.spec?.devices ?? {}, 'spec.devices') : []),
  table: {
    columns: [nameColumn, column('State', 'string', 'Whether devices are allocated'), ageColumn],
    row: (object, now) => [object.metadata?.name, claimState(object), ageOf(object, now)],
  },
  subresources: { status: { type: 'update', resetFields: specAndMetadata, validateUpdate: validateClaimStatus } },
};

function claimState({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  const deleted = metadata?.deletionTimestamp !== undefined;
  if (deleted) states.push('deleted');
  if (status?.allocation === undefined) {
    if (!deleted) states.push('pending');
  } else {
    states.push('allocated');
    if ((status.reservedFor ?? []).length > 0) states.push('reserved');
  }
  return states.join(',');
}

export const resourceClaimTemplateStrategy: Strategy<ResourceClaimTemplate> = {
  resource: { group, resource: 'resourceclaimtemplates' },
  deletion: { returnsObject: true },
  generation: 'none',
  defaults: (object) => setClaimDefaults(specOf(specOf(object)).devices),
  validate: (object, old) => (old === undefined ? validateClaimTemplate(object) : []),
  validateUpdate: (object, old) => validateImmutable(object.spec, old.spec, 'spec'),
  table: { columns: [nameColumn, ageColumn], row: (object, now) => [object.metadata?.name, ageOf(object, now)] },
};

function validateClaimTemplate({ spec }: ResourceClaimTemplate): FieldError[] {
  return [
    ...templateMetadataErrors(spec?.metadata, 'spec.metadata'),
    ...validateDeviceClaim(spec?.spec?.devices ?? {}, 'spec.spec.devices'),
  ];
}

/** What is asked for without a number is asked for once. */
function setClaimDefaults(claim: DeviceClaim | undefined): void {
  const asked = (claim?.requests ?? []).flatMap(({ exactly, firstAvailable }) => [
    ...(exactly === undefined ? [] : [exactly]),
    ...(firstAvailable ?? []),
  ]);
  for (const request of asked) {
    request.allocationMode ||= 'ExactCount';
    if (request.allocationMode === 'ExactCount') request.count ||= 1;
    for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
  }
}

export const resourceSliceStrategy: Strategy<ResourceSlice> = {
  resource: { group, resource: 'resourceslices' },
  countsGatedFields: true,
  unselectable: (name, version) => `field label not supported for ${group}/${version}, Kind=ResourceSlice: ${name}`,
  deletion: { returnsObject: true },
  validate: (object, old) => validateSliceSpec(specOf(object), old?.spec),
  fields: (object) => ({ 'spec.nodeName': object.spec?.nodeName ?? '', 'spec.driver': object.spec?.driver ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Node', 'string', 'Node that has the devices'),
      column('Driver', 'string', 'Driver of the devices'),
      column('Pool', 'string', 'Pool that the slice is a part of'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.nodeName ?? '',
      object.spec?.driver,
      object.spec?.pool?.name,
      ageOf(object, now),
    ],
  },
};

export const deviceTaintRuleStrategy: Strategy<DeviceTaintRule> = {
  resource: { group, resource: 'devicetaintrules' },
  unconditionalUpdate: false,
  prepareForCreate(object, { environment }) {
    delete object.status;
    stampTaint(object, environment.clock.now());
  },
  prepareForUpdate(object, old, { environment }) {
    restoreStatus(object, old);
    const [taint, before] = [object.spec?.taint, old.spec?.taint];
    // The time tells when the present effect came; who sets it himself is believed.
    if (taint !== undefined && taint.effect !== before?.effect && taint.timeAdded === before?.timeAdded) {
      delete taint.timeAdded;
    }
    stampTaint(object, environment.clock.now());
  },
  validate: ({ spec }) => validateTaintRule(spec ?? {}),
  table: {
    columns: [
      nameColumn,
      column('Key', 'string', 'Key of the taint'),
      column('Value', 'string', 'Value of the taint'),
      column('Effect', 'string', 'What it does'),
      column('TimeAdded', 'string', 'Time since it was added'),
      ageColumn,
    ],
    row: (object, now) => {
      const taint = object.spec?.taint;
      const added = humanAge(taint?.timeAdded, now);
      return [object.metadata?.name, taint?.key, taint?.value ?? '', taint?.effect, added, ageOf(object, now)];
    },
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: specAndMetadata,
      validateUpdate: ({ status }) => {
        const conditions = status?.conditions ?? [];
        return [
          ...validateConditions(conditions, 'status.conditions'),
          ...(conditions.length > ruleConditionsMax
            ? [field.tooMany('status.conditions', conditions.length, ruleConditionsMax)]
            : []),
        ];
      },
    },
  },
};

function stampTaint({ spec }: DeviceTaintRule, now: number): void {
  if (spec?.taint !== undefined) spec.taint.timeAdded ??= timestamp(now);
}

const ruleConditionsMax = 8;

function validateTaintRule({ deviceSelector, taint }: Partial<DeviceTaintRule['spec']>): FieldError[] {
  const { driver, pool, device } = deviceSelector ?? {};
  const errors = driver === undefined ? [] : driverNameErrors(driver, 'spec.deviceSelector.driver');
  if (pool !== undefined) errors.push(...validatePoolName(pool, 'spec.deviceSelector.pool'));
  if (device !== undefined) errors.push(...validateLabelName(device, 'spec.deviceSelector.device'));
  return [...errors, ...validateTaint(taint ?? {}, 'spec.taint')];
}
