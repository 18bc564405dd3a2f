import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  DeviceClaim,
  DeviceConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from '@coracle/apimachinery/types/resource-v1';
import { byteLength, dns1123Subdomain, labelValue } from '@coracle/apimachinery/validation';
import { validateLabelName } from './names.ts';
import { driverNameErrors } from '../shared/driver-name.ts';
import { validateSelectorExpression } from './selector-expressions.ts';

// What is declared with the types (required values, sizes, keys that repeat) is judged for every kind alike.

/** Items of any list of a claim; longer lists are refused by a declared rule and not looked at. */
const listItemsMax = 32;
const expressionBytesMax = 10 * 1024;
const parametersBytesMax = 10 * 1024;

/** Rules of what a claim asks for (pkg/apis/resource/validation.validateDeviceClaim). */
export function validateDeviceClaim(claim: DeviceClaim, path: string): FieldError[] {
  const names = requestNames(claim);
  return [
    ...each(claim.requests, `${path}.requests`, validateRequest),
    ...each(claim.constraints, `${path}.constraints`, (constraint, at) => validateConstraint(constraint, names, at)),
    ...each(claim.config, `${path}.config`, (config, at) => [
      ...each(config.requests, `${at}.requests`, (name, where) => validateNameReference(name, names, where)),
      ...validateDeviceConfiguration(config, at),
    ]),
  ];
}

function each<T>(
  items: readonly T[] | undefined | null,
  path: string,
  validate: (item: T, path: string) => readonly FieldError[],
): FieldError[] {
  const list = items ?? [];
  return list.length > listItemsMax ? [] : list.flatMap((item, index) => validate(item, `${path}[${index}]`));
}

/** Names of requests, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNames(claim: DeviceClaim): RequestNames {
  return new Map(
    (claim.requests ?? []).map(({ name, firstAvailable }) => [
      name,
      new Set((firstAvailable ?? []).map((one) => one.name)),
    ]),
  );
}

function validateRequest(request: DeviceRequest, path: string): FieldError[] {
  const errors = validateLabelName(request.name, `${path}.name`);
  const alternatives = request.firstAvailable ?? [];
  const either = 'exactly one of `exactly` or `firstAvailable` is required';
  if (request.exactly === undefined && alternatives.length === 0) return [...errors, field.required(path, either)];
  if (request.exactly !== undefined && alternatives.length > 0) {
    return [...errors, field.invalid(path, null, `${either}, but multiple fields are set`)];
  }
  if (request.exactly !== undefined) return [...errors, ...validateExactly(request.exactly, `${path}.exactly`)];
  return [
    ...errors,
    ...each(alternatives, `${path}.firstAvailable`, (one, at) => [
      ...validateLabelName(one.name, `${at}.name`),
      ...validateExactly(one, at),
    ]),
  ];
}

function validateExactly(request: ExactDeviceRequest, path: string): FieldError[] {
  const { deviceClassName = '', selectors, allocationMode = '', count = 0, tolerations } = request;
  const errors: FieldError[] = [];
  if (deviceClassName === '') errors.push(field.required(`${path}.deviceClassName`));
  else {
    for (const text of dns1123Subdomain(deviceClassName)) {
      errors.push(field.invalid(`${path}.deviceClassName`, deviceClassName, text));
    }
  }
  errors.push(...validateSelectors(selectors, `${path}.selectors`));
  if (allocationMode === 'All') {
    const text = "must not be specified when allocationMode is 'All'";
    if (count !== 0) errors.push(field.invalid(`${path}.count`, count, text));
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(field.invalid(`${path}.count`, count, 'must be greater than zero'));
  } else errors.push(field.notSupported(`${path}.allocationMode`, allocationMode, ['All', 'ExactCount']));
  return [...errors, ...each(tolerations, `${path}.tolerations`, validateToleration)];
}

/** Rules of CEL selectors, of claims and of classes. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, path: string): FieldError[] {
  return each(selectors, path, ({ cel }, at) => {
    if (cel === undefined) return [field.required(`${at}.cel`)];
    const { expression } = cel;
    return byteLength(expression) > expressionBytesMax
      ? [field.tooLong(`${at}.cel.expression`, expressionBytesMax)]
      : validateSelectorExpression(expression, `${at}.cel.expression`);
  });
}

export function validateToleration({ operator = '', value = '' }: DeviceToleration, path: string): FieldError[] {
  if (operator === 'Exists' && value !== '') {
    return [field.invalid(`${path}.value`, value, 'must be empty for operator `Exists`')];
  }
  return operator === 'Equal' ? labelValue(value).map((text) => field.invalid(`${path}.value`, value, text)) : [];
}

function validateConstraint(constraint: DeviceConstraint, names: RequestNames, path: string): FieldError[] {
  const errors = each(constraint.requests, `${path}.requests`, (name, at) => validateNameReference(name, names, at));
  if (constraint.matchAttribute !== undefined || constraint.distinctAttribute !== undefined) return errors;
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, field.required(path, text)];
}

/** `request` or `request/alternative`. */
export function validateNameReference(name: string, names: RequestNames, path: string): FieldError[] {
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const [request = '', alternative, ...more] = name.split('/');
  if (more.length > 0) return [field.invalid(path, name, text)];
  const errors = [
    ...validateLabelName(request, path),
    ...(alternative === undefined ? [] : validateLabelName(alternative, path)),
  ];
  const isKnown = names.has(request) && (alternative === undefined || names.get(request)?.has(alternative) === true);
  return isKnown ? errors : [...errors, field.invalid(path, name, text)];
}

/** Rules of the configuration for a driver, of claims and of classes. */
export function validateDeviceConfiguration({ opaque }: DeviceConfiguration, path: string): FieldError[] {
  return opaque === undefined ? [field.required(`${path}.opaque`)] : validateOpaque(opaque, `${path}.opaque`);
}

function validateOpaque({ driver = '', parameters }: OpaqueDeviceConfiguration, path: string): FieldError[] {
  // The rules of the name are declared with the type: they come last.
  const errors = validateParameters(parameters, `${path}.parameters`, parametersBytesMax);
  return [...errors, ...driverNameErrors(driver, `${path}.driver`)];
}

/** What only a driver understands is an object of JSON. */
export function validateParameters(parameters: unknown, path: string, bytesMax: number): FieldError[] {
  if (parameters === undefined || parameters === null) return [field.required(path)];
  if (byteLength(JSON.stringify(parameters)) > bytesMax) return [field.tooLong(path, bytesMax)];
  const isObject = typeof parameters === 'object' && !Array.isArray(parameters);
  return isObject ? [] : [field.invalid(path, '<value omitted>', 'must be a valid JSON object')];
}
