import { field, type FieldError } from '@coracle/apimachinery/errors';
import { quantityMilliValue, quantityOrZero } from '@coracle/apimachinery/quantity';
import { qualifiedName } from '@coracle/apimachinery/validation';
import type { ResourceList } from './resource-list.ts';

/** Rules of resource names and amounts (pkg/apis/core/validation, pkg/apis/core/helper). */

export const notAnInteger = 'must be an integer';

/** Resources that are counted in whole things, and everything that Kubernetes does not name itself. */
const integerResources = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const standardContainerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

const standardResources = new Set([
  ...standardContainerResources,
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'requests.storage',
  'storage',
  ...integerResources,
]);

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Has a domain that is not Kubernetes' own: `nvidia.com/gpu`. */
export function isExtendedResource(name: string): boolean {
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  if (native || name.startsWith('requests.')) return false;
  return qualifiedName(`requests.${name}`).length === 0;
}

function isIntegerResource(name: string): boolean {
  return integerResources.has(name) || isExtendedResource(name);
}

/** May be requested below its limit. */
export function isOvercommitAllowed(name: string): boolean {
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return native && !isHugePages(name);
}

export function nonNegative(text: string, path: string): FieldError[] {
  return quantityOrZero(text).sign < 0 ? [field.invalid(path, text, 'must be greater than or equal to 0')] : [];
}

/** Not negative, and whole where the resource is counted in things. */
export function amountErrors(name: string, text: string, path: string): FieldError[] {
  const errors = nonNegative(text, path);
  if (isIntegerResource(name) && quantityMilliValue(text) % 1000 !== 0)
    errors.push(field.invalid(path, text, notAnInteger));
  return errors;
}

export function amountsErrors(list: ResourceList | undefined, path: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => amountErrors(name, text, `${path}.${name}`));
}

/** A name that a container may ask for. */
export function containerResourceNameErrors(name: string, path: string): FieldError[] {
  if (!name.includes('/')) {
    if (standardContainerResources.has(name) || isHugePages(name)) return [];
    return [...resourceNameErrors(name, path), field.invalid(path, name, 'must be a standard resource for containers')];
  }
  const errors = qualifiedName(name).map((text) => field.invalid(path, name, text));
  if (!name.includes('kubernetes.io/') && !isExtendedResource(name))
    errors.push(field.invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

/** A name that a quota or a limit range may speak of. */
export function resourceNameErrors(name: string, path: string): FieldError[] {
  const errors = qualifiedName(name).map((text) => field.invalid(path, name, text));
  if (errors.length > 0 || name.includes('/')) return errors;
  if (standardResources.has(name) || isHugePages(name) || /^(requests|limits)\.hugepages-/.test(name)) return [];
  if (name.startsWith('count/')) return [];
  return [field.invalid(path, name, 'must be a standard resource type or fully qualified')];
}

/** Names without a domain that a quota counts; anything with a domain may be counted as well. */
const quotaResources = new Set([...standardResources].filter((name) => name !== 'storage'));

/** A name that a quota may speak of. */
export function quotaResourceNameErrors(name: string, path: string): FieldError[] {
  const errors = resourceNameErrors(name, path);
  const known = quotaResources.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
  if (!name.includes('/') && !known) errors.push(field.invalid(path, name, 'must be a standard resource for quota'));
  return errors;
}
