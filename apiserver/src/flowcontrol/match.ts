import type { FlowSchema } from '@coracle/apimachinery/types/flowcontrol-v1';
import type { RequestInfo } from '../filters/request-info.ts';
import type { UserInfo } from '../http/api-request.ts';

type Rules = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];
type Subject = NonNullable<Rules['subjects']>[number];
type ResourceRule = NonNullable<Rules['resourceRules']>[number];
type NonResourceRule = NonNullable<Rules['nonResourceRules']>[number];

/** Whether a request is of a flow schema (k8s.io/apiserver pkg/util/flowcontrol/rule.go). */
export function matchesSchema({ spec }: FlowSchema, user: UserInfo, info: RequestInfo): boolean {
  return (spec?.rules ?? []).some((rules) => {
    if (!(rules.subjects ?? []).some((subject) => matchesSubject(subject, user))) return false;
    if (info.isResourceRequest) return (rules.resourceRules ?? []).some((rule) => matchesResource(rule, info));
    return (rules.nonResourceRules ?? []).some((rule) => matchesPath(rule, info));
  });
}

function matchesSubject(subject: Subject, user: UserInfo): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.user?.name === '*' || subject.user?.name === user.username;
    case 'Group':
      return subject.group?.name === '*' || user.groups.includes(subject.group?.name ?? '');
    case 'ServiceAccount': {
      const prefix = `system:serviceaccount:${subject.serviceAccount?.namespace}:`;
      const name = subject.serviceAccount?.name ?? '';
      return name === '*' ? user.username.startsWith(prefix) : user.username === prefix + name;
    }
    default:
      return false;
  }
}

function matchesResource(rule: ResourceRule, info: RequestInfo): boolean {
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group) || !has(rule.resources, resource)) return false;
  if (info.namespace === '') return rule.clusterScope === true;
  return has(rule.namespaces ?? [], info.namespace);
}

function matchesPath(rule: NonResourceRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb)) return false;
  return rule.nonResourceURLs.some((pattern) => {
    if (pattern === '*' || pattern === info.path) return true;
    return pattern.endsWith('/*') && info.path.startsWith(pattern.slice(0, -1));
  });
}

function has(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}
