import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { CounterSet, ResourcePool, ResourceSliceSpec } from '@coracle/apimachinery/types/resource-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import { nodeSelectorErrors } from '../core/pod-validation/index.ts';
import { validateCounters, validateDevice, validateNodeName } from './device-validation.ts';
import { validateSet } from './lists.ts';
import { validateLabelName, validatePoolName } from './names.ts';
import { driverNameErrors } from '../shared/driver-name.ts';

const devicesMax = 128;
/** Of devices of which one at least has taints or takes from counters. */
const elaborateDevicesMax = 64;

/** pkg/apis/resource/validation.validateResourceSliceSpec; `old` is undefined on a create. */
export function validateSliceSpec(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined): FieldError[] {
  const { driver = '', pool, devices, sharedCounters, perDeviceNodeSelection } = spec;
  const isElaborate = (devices ?? []).some(
    ({ taints, consumesCounters }) => (taints ?? []).length > 0 || (consumesCounters ?? []).length > 0,
  );
  const both = sharedCounters !== undefined && devices !== undefined;
  return [
    ...driverNameErrors(driver, 'spec.driver'),
    ...validatePool(pool ?? {}, 'spec.pool'),
    ...(old === undefined ? [] : validateChange(spec, old)),
    ...validateNodes(spec, 'spec'),
    ...(both ? [field.invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')] : []),
    ...validateSet(
      devices,
      isElaborate ? elaborateDevicesMax : devicesMax,
      'spec.devices',
      ({ name = '' }) => name,
      (device, path) => {
        const before = old?.devices?.find(({ name }) => name === device.name);
        return validateDevice(device, before, perDeviceNodeSelection === true, path);
      },
    ),
    ...(sharedCounters ?? []).flatMap((set, index) => validateCounterSet(set, `spec.sharedCounters[${index}]`)),
  ];
}

function validatePool(pool: Partial<ResourcePool>, path: string): FieldError[] {
  const { name = '', generation = 0, resourceSliceCount = 0 } = pool;
  const errors = validatePoolName(name, `${path}.name`);
  if (resourceSliceCount <= 0) {
    errors.push(field.invalid(`${path}.resourceSliceCount`, resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(field.invalid(`${path}.generation`, generation, 'must be greater than or equal to zero'));
  }
  return errors;
}

function validateChange(spec: ResourceSliceSpec, old: ResourceSliceSpec): FieldError[] {
  return [
    ...validateImmutable(spec.pool?.name, old.pool?.name, 'spec.pool.name'),
    ...validateImmutable(spec.driver, old.driver, 'spec.driver'),
    ...validateImmutable(spec.nodeName, old.nodeName, 'spec.nodeName'),
  ];
}

/** Where the devices are is said in one of four ways. */
function validateNodes(spec: ResourceSliceSpec, path: string): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec;
  const errors: FieldError[] = [];
  const at = `${path}.nodeName`;
  if (nodeName === '') errors.push(field.invalid(at, '', 'must be either unset or set to a non-empty string'));
  else if (nodeName !== undefined) errors.push(...validateNodeName(nodeName, at));
  if (nodeSelector !== undefined) {
    const terms = `${path}.nodeSelector.nodeSelectorTerms`;
    errors.push(...nodeSelectorErrors(nodeSelector.nodeSelectorTerms, terms));
    if ((nodeSelector.nodeSelectorTerms ?? []).length !== 1) {
      errors.push(field.invalid(terms, nodeSelector.nodeSelectorTerms, 'must have exactly one node selector term'));
    }
  }
  for (const [name, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value === false) errors.push(field.invalid(`${path}.${name}`, value, 'must be either unset or set to true'));
  }
  const chosen = Object.entries({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection })
    .filter(([, value]) => Boolean(value))
    .map(([name]) => `\`${name}\``);
  const one = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (chosen.length === 0) errors.push(field.required(path, one));
  else if (chosen.length > 1) {
    errors.push(field.invalid(path, `{${chosen.join(', ')}}`, `${one}, but multiple fields are set`));
  }
  return errors;
}

/** Names that are missing are found by declared rules. */
function validateCounterSet({ name, counters }: CounterSet, path: string): FieldError[] {
  return [...(name === '' ? [] : validateLabelName(name, `${path}.name`)), ...validateCounters(counters, path)];
}
