import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '@coracle/apimachinery/types/resource-v1';
import { parseCidr, ipText, validateConditions } from '@coracle/apimachinery/validation';
import { goStruct } from '../shared/go-struct.ts';
import { nodeSelectorErrors } from '../core/pod-validation/index.ts';
import {
  requestNames,
  type RequestNames,
  validateDeviceConfiguration,
  validateNameReference,
  validateParameters,
  validateToleration,
} from './claim-validation.ts';
import { validateBindingConditions } from './device-validation.ts';
import { validateLabelName, validatePoolName } from './names.ts';
import { driverNameErrors } from '../shared/driver-name.ts';

// Sizes of lists and what repeats in them are found by declared rules.

const deviceConditionsMax = 8;
const deviceDataBytesMax = 10 * 1024;

/** pkg/apis/resource/validation.validateResourceClaimStatusUpdate */
export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], allocation, devices = [] } = claim.status ?? {};
  const names = requestNames(claim.spec?.devices ?? {});
  const allocated = new Set((allocation?.devices?.results ?? []).map(identityOf));
  return [
    ...reservedFor.flatMap((consumer, index) => validateConsumer(consumer, `status.reservedFor[${index}]`)),
    ...devices.flatMap((device, index) => validateDeviceStatus(device, allocated, `status.devices[${index}]`)),
    ...validateReservation(claim, old),
    ...(allocation === undefined || old.status?.allocation !== undefined
      ? []
      : validateAllocation(allocation, names, 'status.allocation')),
  ];
}

function validateConsumer(consumer: Partial<ResourceClaimConsumerReference>, path: string): FieldError[] {
  return (['resource', 'name', 'uid'] as const).flatMap((name) =>
    consumer[name] ? [] : [field.required(`${path}.${name}`)],
  );
}

function identityOf({ driver = '', pool = '', device = '', shareID }: Partial<AllocatedDeviceStatus>): string {
  return [driver, pool, device, ...(shareID ? [shareID] : [])].join('/');
}

function validateDeviceStatus(
  status: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const { driver = '', pool = '', device, shareID, conditions = [], data } = status;
  const errors = [
    ...driverNameErrors(driver, `${path}.driver`),
    ...validatePoolName(pool, `${path}.pool`),
    ...validateLabelName(device, `${path}.device`),
  ];
  if (!allocated.has(identityOf(status))) {
    const shown = goStruct({ driver, pool, device, shareID }, { driver: '', pool: '', device: '', shareID: '' });
    errors.push(field.invalid(path, shown, 'must be an allocated device in the claim'));
  }
  if (conditions.length > deviceConditionsMax) {
    errors.push(field.tooMany(`${path}.conditions`, conditions.length, deviceConditionsMax));
  }
  return [
    ...errors,
    ...validateConditions(conditions, `${path}.conditions`),
    ...(data === undefined ? [] : validateParameters(data, `${path}.data`, deviceDataBytesMax)),
    ...validateNetworkData(status.networkData, `${path}.networkData`),
  ];
}

const interfaceAddressText = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';

function validateNetworkData(data: NetworkDeviceData | undefined, path: string): FieldError[] {
  return (data?.ips ?? []).flatMap((text, index) => {
    const at = `${path}.ips[${index}]`;
    const range = parseCidr(text, true);
    if (range === undefined) return [field.invalid(at, text, interfaceAddressText)];
    const canonical = `${ipText(range.address)}/${range.prefixLength}`;
    return text === canonical ? [] : [field.invalid(at, text, `must be in canonical form ("${canonical}")`)];
  });
}

/** What is reserved is allocated, and nobody comes to a claim that is going. */
function validateReservation({ metadata, status }: ResourceClaim, old: ResourceClaim): FieldError[] {
  const reserved = status?.reservedFor ?? [];
  if (reserved.length === 0) return [];
  if (status?.allocation === undefined) {
    return [field.forbidden('status.reservedFor', 'may not be specified when `allocated` is not set')];
  }
  const before = old.status?.reservedFor ?? [];
  const isNew = (consumer: object) => !before.some((other) => deepEqual(other, consumer));
  if (!metadata?.deletionTimestamp || !reserved.some(isNew)) return [];
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [field.forbidden('status.reservedFor', text)];
}

function validateAllocation(
  { devices, nodeSelector }: AllocationResult,
  names: RequestNames,
  path: string,
): FieldError[] {
  const { results = [], config = [] } = devices ?? {};
  return [
    ...results.flatMap((result, index) => validateResult(result, names, `${path}.devices.results[${index}]`)),
    ...config.flatMap((each, index) => {
      const at = `${path}.devices.config[${index}]`;
      const requests = (each.requests ?? []).flatMap((name, position) =>
        validateNameReference(name, names, `${at}.requests[${position}]`),
      );
      return [...requests, ...validateDeviceConfiguration(each, at)];
    }),
    ...(nodeSelector === undefined
      ? []
      : nodeSelectorErrors(nodeSelector.nodeSelectorTerms, `${path}.nodeSelector.nodeSelectorTerms`)),
  ];
}

function validateResult(result: DeviceRequestAllocationResult, names: RequestNames, path: string): FieldError[] {
  const { request = '', driver = '', pool = '', device, tolerations = [] } = result;
  return [
    ...validateNameReference(request, names, `${path}.request`),
    ...driverNameErrors(driver, `${path}.driver`),
    ...validatePoolName(pool, `${path}.pool`),
    ...validateLabelName(device, `${path}.device`),
    ...validateBindingConditions(result, path),
    ...tolerations.flatMap((toleration, index) => validateToleration(toleration, `${path}.tolerations[${index}]`)),
  ];
}
