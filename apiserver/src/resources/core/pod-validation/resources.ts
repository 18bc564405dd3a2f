import { type FieldError, field } from '@coracle/apimachinery/errors';
import { compareQuantities, quantityOrZero } from '@coracle/apimachinery/quantity';
import type { PodSpec, ResourceRequirements } from '@coracle/apimachinery/types/core-v1';
import { dns1123Label } from '@coracle/apimachinery/validation';
import {
  amountErrors,
  containerResourceNameErrors,
  isHugePages,
  isOvercommitAllowed,
  resourceNameErrors,
} from '../../shared/quantities.ts';
import { aggregate } from '../pod/pod-level-resources.ts';
import { formatErrors } from '../../shared/field-rules.ts';

/** What a container asks for. `claims` are the names of the pod's resource claims. */
export function resourceErrors(
  requirements: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  path: string,
  nameErrors: (name: string, path: string) => FieldError[] = containerResourceNameErrors,
): FieldError[] {
  const { limits = {}, requests = {} } = requirements ?? {};
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(limits)) {
    const at = `${path}.limits[${name}]`;
    errors.push(...nameErrors(name, at), ...amountErrors(name, text, at), ...hugePageErrors(name, text, at));
  }
  for (const [name, text] of Object.entries(requests)) {
    const at = `${path}.requests[${name}]`;
    errors.push(...nameErrors(name, at), ...amountErrors(name, text, at));
    errors.push(...requestErrors(name, text, limits[name], path), ...hugePageErrors(name, text, at));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(field.forbidden(path, 'HugePages require cpu or memory'));
  }
  return [...errors, ...claimNameErrors(requirements?.claims ?? [], claims, `${path}.claims`)];
}

function requestErrors(name: string, request: string, limit: string | undefined, path: string): FieldError[] {
  const overcommit = isOvercommitAllowed(name);
  if (limit === undefined)
    return overcommit ? [] : [field.required(`${path}.limits`, 'Limit must be set for non overcommitable resources')];
  const order = compareQuantities(request, limit);
  if (order !== 0 && !overcommit)
    return [field.invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)];
  if (order <= 0) return [];
  return [field.invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)];
}

/** Huge pages come in whole pages: `hugepages-2Mi: 4Mi`. */
function hugePageErrors(name: string, text: string, path: string): FieldError[] {
  if (!isHugePages(name)) return [];
  const page = quantityOrZero(name.slice('hugepages-'.length)).bigValue();
  const amount = quantityOrZero(text).bigValue();
  if (page > 0n && amount > 0n && amount % page === 0n) return [];
  return [field.invalid(path, text, `${text} is not positive integer multiple of ${name}`)];
}

function claimNameErrors(
  claims: readonly { name: string; request?: string }[],
  known: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request = '' }, index) => {
    const at = `${path}[${index}]`;
    if (name === '') return [field.required(at)];
    const errors = request === '' ? [] : formatErrors(dns1123Label, request, `${at}.request`);
    const key = request === '' ? name : `${name}/${request}`;
    const covered =
      seen.has(name) || seen.has(key) || (request === '' && [...seen].some((other) => other.startsWith(`${name}/`)));
    if (covered) errors.push(field.duplicate(at, seen.has(name) ? name : key));
    seen.add(key);
    if (!known.has(name)) {
      const list = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
      errors.push({
        ...field.notFound(at, name),
        detail: `must be one of the names in pod.spec.resourceClaims${list}`,
      });
    }
    return errors;
  });
}

/** Resources of the pod as a whole: known kinds, and no less than its containers ask for together. */
export function podResourceErrors(spec: PodSpec, path: string): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  const errors = resources.claims
    ? [field.forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')]
    : [];
  errors.push(
    ...resourceErrors(
      resources,
      new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
      path,
      podLevelNameErrors,
    ),
  );
  const requested = aggregate(spec.containers, spec.initContainers, ({ requests }) => requests);
  for (const [name, sum] of Object.entries(requested)) {
    const own = resources.requests?.[name];
    if (own === undefined || compareQuantities(sum, own) <= 0) continue;
    const text = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(field.invalid(`${path}.requests[${name}]`, own, text));
  }
  for (const [index, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = resources.limits?.[name];
      if (own === undefined || compareQuantities(limit, own) <= 0) continue;
      const text = `must be less than or equal to pod limits of ${own}`;
      errors.push(field.invalid(`${path}.containers[${index}][${name}].limits`, limit, text));
    }
  }
  return errors;
}

/** A name that a pod as a whole may ask for. */
function podLevelNameErrors(name: string, path: string): FieldError[] {
  const errors = resourceNameErrors(name, path);
  if (errors.length > 0 || name === 'cpu' || name === 'memory' || isHugePages(name)) return errors;
  return [field.notSupported(path, name, ['cpu', 'hugepages-', 'memory'])];
}
