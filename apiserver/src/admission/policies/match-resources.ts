import type { MatchResources, NamedRuleWithOperations } from '@coracle/apimachinery/types/admissionregistration-v1';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { type Invocation, matchNamespace, matchObjects, matchRules } from '../webhooks/match.ts';

/** Whether constraints of a policy or binding apply, and in which version. Without rules everything does. */
export async function matchResources(
  readers: Readers,
  constraints: MatchResources | undefined,
  attributes: AdmissionAttributes,
): Promise<Invocation | undefined> {
  const asSent: Invocation = { version: attributes.resource.version };
  if (constraints === undefined) return asSent;
  const { namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [], matchPolicy } = constraints;
  if (!matchObjects(objectSelector, attributes)) return undefined;
  if (!(await matchNamespace(readers, namespaceSelector, attributes))) return undefined;
  if (matchNamed(excludeResourceRules, matchPolicy, attributes) !== undefined) return undefined;
  return resourceRules.length === 0 ? asSent : matchNamed(resourceRules, matchPolicy, attributes);
}

function matchNamed(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
): Invocation | undefined {
  const named = rules.filter(({ resourceNames }) => !resourceNames?.length || resourceNames.includes(attributes.name));
  return matchRules(named, matchPolicy ?? 'Equivalent', attributes);
}
