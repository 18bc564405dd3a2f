import type { FlowSchema } from '@coracle/apimachinery/types/flowcontrol-v1';
import { serviceAccountUsername } from '../auth/authenticators/users.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { UserInfo } from '../http/api-request.ts';

type Rules = NonNullable<FlowSchema['spec']['rules']>[number];
type Subject = Rules['subjects'][number];
type ResourceRule = NonNullable<Rules['resourceRules']>[number];
type NonResourceRule = NonNullable<Rules['nonResourceRules']>[number];

type UserTest = (user: UserInfo) => boolean;
type RequestTest = (info: RequestInfo) => boolean;
type TextTest = (text: string) => boolean;

/** Whether a request is of a flow schema. */
export type SchemaTest = (user: UserInfo, info: RequestInfo) => boolean;

/** The rules of a schema, made ready to be asked often. Source: k8s.io/apiserver pkg/util/flowcontrol/rule.go. */
export function schemaTest({ spec }: FlowSchema): SchemaTest {
  const tests = (spec.rules ?? []).map(rulesTest);
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (user, info) => tests.some((test) => test(user, info));
}

function rulesTest(rules: Rules): SchemaTest {
  const isOfSubject = any((rules.subjects ?? []).map(subjectTest));
  const isOfResource = any((rules.resourceRules ?? []).map(resourceTest));
  const isOfPath = any((rules.nonResourceRules ?? []).map(pathTest));
  return (user, info) => isOfSubject(user) && (info.isResourceRequest ? isOfResource(info) : isOfPath(info));
}

function subjectTest({ kind, user, group, serviceAccount }: Subject): UserTest {
  if (kind === 'User' && user !== undefined) {
    return user.name === '*' ? always : ({ username }) => username === user.name;
  }
  if (kind === 'Group' && group !== undefined) {
    return group.name === '*' ? always : ({ groups }) => groups.includes(group.name);
  }
  if (kind === 'ServiceAccount' && serviceAccount !== undefined) {
    const { namespace } = serviceAccount;
    const name = serviceAccountUsername(namespace, serviceAccount.name);
    const prefix = serviceAccountUsername(namespace, '');
    return serviceAccount.name === '*'
      ? ({ username }) => username.startsWith(prefix)
      : ({ username }) => username === name;
  }
  return never;
}

function resourceTest(rule: ResourceRule): RequestTest {
  const isVerb = oneOf(rule.verbs);
  const isGroup = oneOf(rule.apiGroups);
  const isResource = oneOf(rule.resources);
  const isNamespace = oneOf(rule.namespaces ?? []);
  const { clusterScope = false } = rule;
  return (info) =>
    isVerb(info.verb) &&
    isGroup(info.group) &&
    isResource(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    (info.namespace === '' ? clusterScope : isNamespace(info.namespace));
}

function pathTest(rule: NonResourceRule): RequestTest {
  const isVerb = oneOf(rule.verbs);
  const isPath = any((rule.nonResourceURLs ?? []).map(urlTest));
  return (info) => isVerb(info.verb) && isPath(info.path);
}

/** A path is also that of everything below it. */
function urlTest(pattern: string): TextTest {
  if (pattern === '*') return always;
  const base = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
  const prefix = base.endsWith('/') ? base : `${base}/`;
  return (path) => path === pattern || path.startsWith(prefix);
}

function oneOf(values: readonly string[]): TextTest {
  if (values.length === 1 && values[0] === '*') return always;
  return (text) => values.includes(text);
}

function any<T>(tests: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  if (tests.includes(always)) return always;
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}

function always(): boolean {
  return true;
}

function never(): boolean {
  return false;
}
