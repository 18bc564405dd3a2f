import { type FieldError, field } from '@coracle/apimachinery/errors';
import { compareQuantities, quantityMilliValue } from '@coracle/apimachinery/quantity';
import type { LimitRange, LimitRangeItem } from '@coracle/apimachinery/types/core-v1';
import { qualifiedName } from '@coracle/apimachinery/validation';
import { containerResourceNameErrors, isOvercommitAllowed, resourceNameErrors } from '../../shared/quantities.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];

/** pkg/apis/core/validation ValidateLimitRange. */
export function limitRangeErrors({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return (spec?.limits ?? []).flatMap((item, index) => {
    const path = `spec.limits[${index}]`;
    const errors = typeErrors(item.type, `${path}.type`);
    if (seen.has(item.type)) errors.push(field.duplicate(`${path}.type`, item.type));
    seen.add(item.type);
    return [...errors, ...nameErrors(item, path), ...amountErrors(item, path)];
  });
}

function typeErrors(type: string, path: string): FieldError[] {
  const errors = qualifiedName(type).map((text) => field.invalid(path, type, text));
  if (errors.length > 0 || type.includes('/') || standardTypes.includes(type)) return errors;
  return [field.invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function nameErrors(item: LimitRangeItem, path: string): FieldError[] {
  const rule = item.type === 'Pod' || item.type === 'Container' ? containerResourceNameErrors : resourceNameErrors;
  const ofList = (name: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio') =>
    Object.keys(item[name] ?? {}).flatMap((resource) => rule(resource, `${path}.${name}[${resource}]`));
  const errors = [...ofList('max'), ...ofList('min')];
  for (const name of ['default', 'defaultRequest'] as const) {
    if (item.type !== 'Pod') errors.push(...ofList(name));
    else if (Object.keys(item[name] ?? {}).length > 0) {
      errors.push(field.forbidden(`${path}.${name}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  if (
    item.type === 'PersistentVolumeClaim' &&
    item.min?.['storage'] === undefined &&
    item.max?.['storage'] === undefined
  ) {
    const text = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(field.required(`${path}.limits`, text));
  }
  return [...errors, ...ofList('maxLimitRequestRatio')];
}

function amountErrors(item: LimitRangeItem, path: string): FieldError[] {
  const podLimits = item.type === 'Pod';
  const lists = [item.min, item.max, item.default, item.defaultRequest, item.maxLimitRequestRatio];
  const names = [...new Set(lists.flatMap((list) => Object.keys(list ?? {})))].sort();
  return names.flatMap((name) => {
    const min = item.min?.[name];
    const max = item.max?.[name];
    const limit = podLimits ? undefined : item.default?.[name];
    const request = podLimits ? undefined : item.defaultRequest?.[name];
    const ratio = item.maxLimitRequestRatio?.[name];
    const errors: FieldError[] = [];
    const ordered = (low: Named, high: Named, at: string, value: string | undefined) => {
      if (low.value === undefined || high.value === undefined || compareQuantities(low.value, high.value) <= 0) return;
      const text = `${low.name} value ${low.value} is greater than ${high.name} value ${high.value}`;
      errors.push(field.invalid(`${path}.${at}[${name}]`, value, text));
    };
    ordered({ name: 'min', value: min }, { name: 'max', value: max }, 'min', min);
    ordered({ name: 'min', value: min }, { name: 'default request', value: request }, 'defaultRequest', request);
    ordered({ name: 'default request', value: request }, { name: 'max', value: max }, 'defaultRequest', request);
    ordered(
      { name: 'default request', value: request },
      { name: 'default limit', value: limit },
      'defaultRequest',
      request,
    );
    ordered({ name: 'min', value: min }, { name: 'default', value: limit }, 'default', min);
    ordered({ name: 'default', value: limit }, { name: 'max', value: max }, 'default', max);
    if (ratio !== undefined) errors.push(...ratioErrors(ratio, min, max, `${path}.maxLimitRequestRatio[${name}]`));
    const differ = limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0;
    if (differ && !isOvercommitAllowed(name)) {
      const text = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
      errors.push(field.invalid(`${path}.defaultRequest[${name}]`, request, text));
    }
    return errors;
  });
}

interface Named {
  readonly name: string;
  readonly value: string | undefined;
}

function ratioErrors(ratio: string, min: string | undefined, max: string | undefined, path: string): FieldError[] {
  const errors = compareQuantities(ratio, '1') < 0 ? [field.invalid(path, ratio, `ratio ${ratio} is less than 1`)] : [];
  if (min === undefined || max === undefined) return errors;
  const limit = quantityMilliValue(max) / quantityMilliValue(min);
  if (quantityMilliValue(ratio) / 1000 <= limit) return errors;
  return [...errors, field.invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`)];
}
