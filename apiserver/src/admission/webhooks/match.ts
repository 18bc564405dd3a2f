import { selectorOf } from '@coracle/apimachinery/selectors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Namespaces } from '@coracle/apimachinery/resources';
import type { Namespace } from '@coracle/apimachinery/types/core-v1';
import type { Readers } from '../../registry/readers.ts';
import type { LabelSelector, RuleWithOperations } from './types.ts';
import type { AdmissionAttributes } from '../admission.ts';

type Labels = Readonly<Record<string, string>>;

/** What a hook or policy sees: a resource in one version and its kind. */
export interface Invocation {
  readonly version: string;
}

/**
 * Whether rules apply to a write, and in which version: that of the request, or with `Equivalent` another one that a rule
 * names (apiserver pkg/admission/plugin/webhook/predicates/rules).
 */
export function matchRules(
  rules: readonly RuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
): Invocation | undefined {
  const { version } = attributes.resource;
  for (const rule of rules) {
    if (appliesBesidesVersion(rule, attributes) && includes(rule.apiVersions, version)) return { version };
  }
  if (matchPolicy !== 'Equivalent') return undefined;
  for (const rule of rules) {
    if (!appliesBesidesVersion(rule, attributes)) continue;
    for (const other of rule.apiVersions ?? []) if (canShow(attributes, other)) return { version: other };
  }
  return undefined;
}

function appliesBesidesVersion(rule: RuleWithOperations, attributes: AdmissionAttributes): boolean {
  const { operation, resource, subresource, namespace } = attributes;
  if (!includes(rule.operations, operation) || !includes(rule.apiGroups, resource.group)) return false;
  if (!(rule.resources ?? []).some((pattern) => resourceFits(pattern, resource.resource, subresource))) return false;
  if (rule.scope === undefined || rule.scope === '*') return true;
  // A namespace is an object of the cluster, though requests for it carry its name as their namespace.
  const ofCluster = namespace === '' || (resource.group === '' && resource.resource === 'namespaces');
  return (rule.scope === 'Cluster') === ofCluster;
}

function includes(values: readonly string[] | undefined, value: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(value));
}

/** Patterns name a resource and a subresource, each by name or as `*`; without a slash the resource alone. */
function resourceFits(pattern: string, resource: string, subresource: string): boolean {
  const [wantedResource = '', wantedSubresource = ''] = pattern.split('/', 2);
  return (
    (wantedResource === '*' || wantedResource === resource) &&
    (wantedSubresource === '*' || wantedSubresource === subresource)
  );
}

function canShow(attributes: AdmissionAttributes, version: string): boolean {
  const object = attributes.object ?? attributes.oldObject;
  if (object === undefined) return false;
  try {
    attributes.toVersion(object, version);
    return true;
  } catch {
    return false;
  }
}

/** Either state of the object may fit; an object that has gone or is to come fits by the other one alone. */
export function matchObjects(selector: LabelSelector | undefined, { object, oldObject }: AdmissionAttributes): boolean {
  if (isEverything(selector)) return true;
  const parsed = selectorOf(selector);
  const fits = (each: KubernetesObject | undefined) =>
    each?.metadata !== undefined && parsed.matches(each.metadata.labels ?? {});
  return fits(object) || fits(oldObject);
}

export function matchLabels(selector: LabelSelector | undefined, labels: Labels): boolean {
  return isEverything(selector) || selectorOf(selector).matches(labels);
}

/** Objects of the cluster have no namespace to select by; a Namespace is selected by its own labels. */
export async function matchNamespace(
  readers: Readers,
  selector: LabelSelector | undefined,
  attributes: AdmissionAttributes,
): Promise<boolean> {
  if (isEverything(selector)) return true;
  const { resource, operation, subresource, object, namespace } = attributes;
  const isNamespace = resource.group === '' && resource.resource === 'namespaces';
  if (isNamespace && subresource === '' && operation !== 'DELETE')
    return matchLabels(selector, object?.metadata?.labels ?? {});
  const name = isNamespace ? attributes.name : namespace;
  if (name === '') return true;
  const found = await namespaceOf(readers, name);
  return found !== undefined && matchLabels(selector, found.metadata?.labels ?? {});
}

/** The cache may be behind: somebody else made it a moment ago. */
export async function namespaceOf(readers: Readers, name: string): Promise<Namespace | undefined> {
  return (
    (await readers.get<Namespace>(Namespaces, { name })) ??
    (await readers.get<Namespace>(Namespaces, { name }, { type: 'newest' }))
  );
}

export function isEverything(selector: LabelSelector | undefined): boolean {
  return !selector || (!selector.matchExpressions?.length && Object.keys(selector.matchLabels ?? {}).length === 0);
}
