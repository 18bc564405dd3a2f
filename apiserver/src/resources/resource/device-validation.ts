import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type {
  Device,
  DeviceAttribute,
  DeviceCounterConsumption,
  DeviceTaint,
} from '@coracle/apimachinery/types/resource-v1';
import { byteLength, dns1123Subdomain, labelValue, qualifiedName } from '@coracle/apimachinery/validation';
import { nodeSelectorErrors } from '../core/pod-validation/index.ts';
import { validateCapacity } from './capacity-validation.ts';
import { validateEntries, validateItems } from './lists.ts';
import { qualifiedNameBytesMax, validateLabelName, validateQualifiedName } from './names.ts';

const attributesAndCapacitiesMax = 32;
const attributeValuesMax = 48;
const attributeBytesMax = 64;
const taintsMax = 16;
const bindingConditionsMax = 4;

/** pkg/apis/resource/validation.validateDevice; `perDevice`: the slice leaves it to each device on which nodes it is. */
export function validateDevice(
  device: Device,
  old: Device | undefined,
  perDevice: boolean,
  path: string,
): FieldError[] {
  const { attributes, capacity, taints, consumesCounters, allowMultipleAllocations: shared } = device;
  const errors = validateLabelName(device.name, `${path}.name`);
  const total = Object.keys(attributes ?? {}).length + Object.keys(capacity ?? {}).length;
  if (total > attributesAndCapacitiesMax) {
    const text = `the total number of attributes and capacities must not exceed ${attributesAndCapacitiesMax}`;
    errors.push(field.invalid(path, total, text));
  }
  const values = Object.keys(attributes ?? {}).length;
  if (values > attributeValuesMax) {
    const text = `the total number of attribute values must not exceed ${attributeValuesMax}`;
    errors.push(field.invalid(path, values, text));
  }
  const named = <T>(map: Readonly<Record<string, T>> | undefined, name: string, validate: Judge<T>) =>
    validateEntries(map, `${path}.${name}`, qualifiedNameBytesMax, validateQualifiedName, validate);
  errors.push(...named(attributes, 'attributes', validateAttribute));
  if (old === undefined || !semanticEqual(old.capacity, capacity)) {
    errors.push(...named(capacity, 'capacity', (each, at) => validateCapacity(each, shared === true, at)));
  }
  if (old === undefined || !semanticEqual(old.taints, taints)) {
    errors.push(...validateItems(taints, taintsMax, `${path}.taints`, validateTaint));
  }
  return [
    ...errors,
    ...(consumesCounters ?? []).flatMap((each, index) =>
      validateConsumption(each, `${path}.consumesCounters[${index}]`),
    ),
    ...validateNodes(device, perDevice, path),
    ...validateBindingConditions(device, path),
  ];
}

type Judge<T> = (value: T, path: string) => FieldError[];

/** https://semver.org, 2.0.0: what each part of a version may be. */
const number = String.raw`(0|[1-9]\d*)`;
const preRelease = String.raw`(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)`;
const build = '[0-9a-zA-Z-]+';
const semver = new RegExp(
  String.raw`^${number}\.${number}\.${number}(-${preRelease}(\.${preRelease})*)?(\+${build}(\.${build})*)?$`,
);

/** That there is one value of one type is a declared rule. */
function validateAttribute({ string, version }: DeviceAttribute, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const isLong = (text: string | undefined) => text !== undefined && byteLength(text) > attributeBytesMax;
  if (isLong(string)) errors.push(field.tooLong(`${path}.string`, attributeBytesMax));
  if (version !== undefined && !semver.test(version)) {
    errors.push(field.invalid(`${path}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'));
  }
  if (isLong(version)) errors.push(field.tooLong(`${path}.version`, attributeBytesMax));
  return errors;
}

/** The rules of a taint; its effect is judged by a declared one. */
export function validateTaint({ key = '', value = '' }: Partial<DeviceTaint>, path: string): FieldError[] {
  return [
    ...qualifiedName(key).map((text) => field.invalid(`${path}.key`, key, text)),
    ...labelValue(value).map((text) => field.invalid(`${path}.value`, value, text)),
  ];
}

function validateConsumption({ counterSet, counters }: DeviceCounterConsumption, path: string): FieldError[] {
  const errors = counterSet === '' ? [] : validateLabelName(counterSet, `${path}.counterSet`);
  return [...errors, ...validateCounters(counters, path)];
}

const countersMax = 32;

/** Counters of a set or of what a device takes from one: any number is fine. */
export function validateCounters(counters: Readonly<Record<string, unknown>> | undefined, path: string): FieldError[] {
  const names = Object.keys(counters ?? {});
  const at = `${path}.counters`;
  if (names.length > countersMax) return [field.tooMany(at, names.length, countersMax)];
  return names.flatMap((name) => validateLabelName(name, at));
}

function validateNodes(device: Device, perDevice: boolean, path: string): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return [];
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [field.invalid(path, null, text)];
  }
  const errors: FieldError[] = [];
  if (nodeName === '') errors.push(field.invalid(`${path}.nodeName`, nodeName, 'must not be empty'));
  else if (nodeName !== undefined) errors.push(...validateNodeName(nodeName, `${path}.nodeName`));
  if (nodeSelector !== undefined) {
    errors.push(...nodeSelectorErrors(nodeSelector.nodeSelectorTerms, `${path}.nodeSelector.nodeSelectorTerms`));
  }
  if (allNodes === false) {
    errors.push(field.invalid(`${path}.allNodes`, allNodes, 'must be either unset or set to true'));
  }
  const chosen = [
    ...(nodeName ? ['`nodeName`'] : []),
    ...(nodeSelector === undefined ? [] : ['`nodeSelector`']),
    ...(allNodes === true ? ['`allNodes`'] : []),
  ];
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (chosen.length === 0) errors.push(field.required(path, text));
  else if (chosen.length > 1) errors.push(field.invalid(path, `{${chosen.join(', ')}}`, text));
  return errors;
}

export function validateNodeName(name: string, path: string): FieldError[] {
  return dns1123Subdomain(name).map((text) => field.invalid(path, name, text));
}

interface Binding {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

/** Conditions that a device waits for, and those that say it will not come: both or neither, none twice. */
export function validateBindingConditions(device: Binding, path: string): FieldError[] {
  const [good, bad] = [device.bindingConditions ?? [], device.bindingFailureConditions ?? []];
  const [goodPath, badPath] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`];
  const byName = (name: string, at: string) => qualifiedName(name).map((text) => field.invalid(at, name, text));
  const errors = [
    ...validateItems(good, bindingConditionsMax, goodPath, byName),
    ...validateItems(bad, bindingConditionsMax, badPath, byName),
  ];
  for (const [index, name] of good.entries()) {
    if (good.indexOf(name) < index) errors.push(field.duplicate(`${goodPath}[${index}]`, name));
  }
  for (const [index, name] of bad.entries()) {
    const at = `${badPath}[${index}]`;
    if (bad.indexOf(name) < index) errors.push(field.duplicate(at, name));
    const text = 'bindingFailureConditions must not overlap with bindingConditions';
    if (good.includes(name)) errors.push(field.invalid(at, name, text));
  }
  if (good.length === 0 && bad.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(field.invalid(goodPath, device.bindingConditions ?? null, text));
  }
  if (bad.length === 0 && good.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(field.invalid(badPath, device.bindingFailureConditions ?? null, text));
  }
  return errors;
}
