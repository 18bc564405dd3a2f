import { quote } from '@coracle/apimachinery/errors';
import type { PolicyRule } from '@coracle/apimachinery/types/rbac-v1';
import type { AuthorizationAttributes } from '../authorizer.ts';

/** What a request may match, made once for all rules it is held against. */
export type RequestPart = Pick<
  AuthorizationAttributes,
  'verb' | 'isResourceRequest' | 'apiGroup' | 'resource' | 'subresource' | 'name' | 'path'
>;

/** Upstream pkg/apis/rbac/v1/evaluation_helpers.go. */
export function ruleAllows(rule: PolicyRule, request: RequestPart): boolean {
  if (!anyOrOne(rule.verbs, request.verb)) return false;
  if (!request.isResourceRequest) return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, request.path));
  return (
    anyOrOne(rule.apiGroups, request.apiGroup) &&
    resourceMatches(rule.resources, request.resource, request.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(request.name))
  );
}

function anyOrOne(values: readonly string[] | undefined, value: string): boolean {
  if (values === undefined) return false;
  for (const candidate of values) if (candidate === '*' || candidate === value) return true;
  return false;
}

function resourceMatches(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (resources === undefined) return false;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  for (const candidate of resources) {
    if (candidate === '*' || candidate === combined) return true;
    if (subresource !== '' && candidate === `*/${subresource}`) return true;
  }
  return false;
}

/** `/healthz/*` covers `/healthz/etcd`. */
export function urlCovers(owned: string, url: string): boolean {
  return owned === url || (owned.endsWith('*') && url.startsWith(owned.replace(/\*+$/, '')));
}

/**
 * What of `wanted` nobody who holds `owned` may do, as rules of one verb and one resource each; empty where all of it is
 * held (component-helpers auth/rbac/validation/policy_comparator.go).
 */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((rule) => !owned.some((owner) => covers(owner, rule)));
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names: (string | undefined)[] = resourceNames.length > 0 ? resourceNames : [undefined];
  const parts: PolicyRule[] = [];
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        for (const name of names) {
          const named = name === undefined ? {} : { resourceNames: [name] };
          parts.push({ verbs: [verb], apiGroups: [group], resources: [resource], ...named });
        }
      }
    }
  }
  for (const url of nonResourceURLs) for (const verb of verbs) parts.push({ verbs: [verb], nonResourceURLs: [url] });
  return parts;
}

function covers(owner: PolicyRule, part: PolicyRule): boolean {
  return (
    holds(owner.verbs, part.verbs) &&
    holds(owner.apiGroups, part.apiGroups) &&
    (part.resources ?? []).every((resource) => holdsResource(owner.resources ?? [], resource)) &&
    holdsNames(owner.resourceNames ?? [], part.resourceNames ?? []) &&
    (part.nonResourceURLs ?? []).every((url) => (owner.nonResourceURLs ?? []).some((owned) => urlCovers(owned, url)))
  );
}

function holds(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return owned.includes('*') || wanted.every((item) => owned.includes(item));
}

function holdsResource(owned: readonly string[], resource: string): boolean {
  if (owned.includes('*') || owned.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && owned.includes(`*/${resource.slice(slash + 1)}`);
}

function holdsNames(owned: readonly string[], wanted: readonly string[]): boolean {
  return owned.length === 0 || (wanted.length > 0 && wanted.every((name) => owned.includes(name)));
}

/** Puts parts that differ in their verb only together again, for messages. */
export function compact(parts: readonly PolicyRule[]): PolicyRule[] {
  const byPlace = new Map<string, PolicyRule>();
  for (const part of parts) {
    const place = JSON.stringify([part.apiGroups, part.resources, part.resourceNames, part.nonResourceURLs]);
    const known = byPlace.get(place);
    if (known === undefined) byPlace.set(place, { ...part, verbs: [...part.verbs] });
    else known.verbs.push(...part.verbs.filter((verb) => !known.verbs.includes(verb)));
  }
  return [...byPlace.values()];
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ] as const;
  const texts = parts.flatMap(([name, values]) => (values?.length ? [`${name}:${quoteList(values)}`] : []));
  return `{${texts.join(', ')}}`;
}

/** A list as Go's `%q` prints it. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map(quote).join(' ')}]`;
}
