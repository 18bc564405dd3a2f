import { type FieldError, field } from '@coracle/apimachinery/errors';
import { dns1123Subdomain } from '@coracle/apimachinery/validation';
import type { AuthorizationAttributes } from '../auth/authorizer.ts';
import { type ConfigKind, document, flag, listOf, struct, text, texts } from '../configfile/index.ts';

/** How much of a request is recorded; each includes the ones before. */
export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** `audit.k8s.io/v1` Policy. */
export interface AuditPolicy {
  /** The first that matches decides; without one nothing is recorded. */
  readonly rules?: readonly PolicyRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export interface PolicyRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export interface GroupResources {
  readonly group?: string;
  // `pods`, `pods/log`, `pods/*`, `*/scale`, `*`.
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What holds for one request. */
export interface RequestAudit {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

const levels: readonly string[] = ['None', 'Metadata', 'Request', 'RequestResponse'];
const stages: readonly string[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

const groupResources = struct('v1.GroupResources', { group: text, resources: texts, resourceNames: texts });
const rule = struct('v1.PolicyRule', {
  level: text,
  users: texts,
  userGroups: texts,
  verbs: texts,
  resources: listOf(groupResources),
  namespaces: texts,
  nonResourceURLs: texts,
  omitStages: texts,
  omitManagedFields: flag,
});
// Policies are often copied from objects, which have it.
const metadata = struct('v1.ObjectMeta', { name: text });

/** `--audit-policy-file` (k8s.io/apiserver pkg/apis/audit/v1, validation/validation.go). */
export const auditPolicyKind: ConfigKind<AuditPolicy> = {
  apiVersions: ['audit.k8s.io/v1'],
  kind: 'Policy',
  schema: document('v1.Policy', { metadata, rules: listOf(rule), omitStages: texts, omitManagedFields: flag }),
  validate({ rules = [], omitStages = [] }) {
    if (rules.length === 0) return [field.required('rules', 'loaded illegal policy with 0 rules')];
    const errors = rules.flatMap((each, index) => validateRule(each, `rules[${index}]`));
    return [...validateStages(omitStages, 'omitStages'), ...errors];
  },
};

function validateRule(rule: PolicyRule, path: string): FieldError[] {
  const { level, nonResourceURLs = [], resources = [], namespaces = [], omitStages = [] } = rule;
  const both = nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0);
  const detail = 'rules cannot apply to both regular resources and non-resource URLs';
  return [
    ...validateLevel(level, `${path}.level`),
    ...nonResourceURLs.flatMap((url, index) => validateUrl(url, `${path}.nonResourceURLs[${index}]`)),
    ...resources.flatMap((each) => validateResources(each, `${path}.resources`)),
    ...validateStages(omitStages, `${path}.omitStages`),
    ...(both ? [field.invalid(`${path}.nonResourceURLs`, nonResourceURLs, detail)] : []),
  ];
}

function validateLevel(level: string | undefined, path: string): FieldError[] {
  if (!level) return [field.required(path, '')];
  return levels.includes(level) ? [] : [field.notSupported(path, level, levels)];
}

function validateUrl(url: string, path: string): FieldError[] {
  if (url === '*') return [];
  const errors: FieldError[] = [];
  if (!url.startsWith('/')) {
    errors.push(field.invalid(path, url, "non-resource URL rules must begin with a '/' character"));
  }
  if (url.slice(0, -1).includes('*')) {
    errors.push(field.invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule"));
  }
  return errors;
}

function validateResources({ group = '', resources = [], resourceNames = [] }: GroupResources, path: string) {
  const errors: FieldError[] = [];
  if (group !== '' && group !== '*') {
    const problems = dns1123Subdomain(group);
    if (problems.length > 0) errors.push(field.invalid(`${path}.group`, group, problems.join(',')));
  }
  if (resourceNames.length > 0 && resources.length === 0) {
    const detail = 'using resourceNames requires at least one resource';
    errors.push(field.invalid(`${path}.resourceNames`, resourceNames, detail));
  }
  return errors;
}

function validateStages(names: readonly string[], path: string): FieldError[] {
  return names.flatMap((name, index) => {
    if (stages.includes(name)) return [];
    return [field.invalid(`${path}[${index}]`, name, `allowed stages are ${stages.join(',')}`)];
  });
}

/** Says for each request what the policy wants (pkg/audit/policy/checker.go). */
export function policyEvaluator(policy: AuditPolicy): (attributes: AuthorizationAttributes) => RequestAudit {
  const { rules = [], omitStages = [], omitManagedFields = false } = policy;
  const prepared = rules.map((rule) => ({
    rule,
    audit: {
      level: rule.level,
      omitStages: new Set([...omitStages, ...(rule.omitStages ?? [])]),
      omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
    },
  }));
  const otherwise: RequestAudit = { level: 'None', omitStages: new Set(), omitManagedFields };
  return (attributes) => prepared.find(({ rule }) => matches(rule, attributes))?.audit ?? otherwise;
}

function matches(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  const { user, verb, path } = attributes;
  if (users.length > 0 && !users.includes(user.username)) return false;
  if (userGroups.length > 0 && !user.groups.some((group) => userGroups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!attributes.isResourceRequest) return false;
    if (namespaces.length > 0 && !namespaces.includes(attributes.namespace)) return false;
    return resources.length === 0 || resources.some((each) => matchesResource(each, attributes));
  }
  if (nonResourceURLs.length === 0) return true;
  return !attributes.isResourceRequest && nonResourceURLs.some((url) => matchesUrl(url, path));
}

function matchesUrl(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

function matchesResource(
  { group = '', resources = [], resourceNames = [] }: GroupResources,
  { apiGroup, resource, subresource, name }: AuthorizationAttributes,
): boolean {
  if (group !== apiGroup && group !== '*') return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
  const wanted = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  return resources.some((each) => each === '*' || wanted.includes(each) || each === `${resource}/*`);
}
