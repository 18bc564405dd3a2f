import { dns1123Subdomain } from '@coracle/apimachinery/validation';
import type { AuthorizationAttributes, Authorizer } from '../auth/authorizer.ts';
import {
  anonymousUser,
  authenticatedGroup,
  mastersGroup,
  nodeNameKey,
  nodesGroup,
  nodeUserPrefix,
  serviceAccountGroups,
  serviceAccountUserPrefix,
  unauthenticatedGroup,
} from '../auth/authenticators/users.ts';
import type { UserInfo } from '../http/api-request.ts';
import { validateDomainPrefixedPath } from '../resources/shared/domain-path.ts';
import { forbiddenRequest } from './authorization.ts';

/**
 * One way to be allowed to act as somebody else (KEP 5284; k8s.io/apiserver pkg/endpoints/filters/impersonation). The
 * constrained ones ask twice: whether the caller may become this user (`impersonate:<mode>`), and whether it may do what
 * it wants to do while being somebody else in this mode (`impersonate-on:<mode>:<verb>`). The classic one asks once, with
 * the verb `impersonate`, and allows everything.
 */
export interface ImpersonationMode {
  /** Empty for the classic one. */
  readonly name: string;
  applies(wanted: UserInfo, requestor: UserInfo): boolean;
}

/** In the order they are tried. */
export const impersonationModes: readonly ImpersonationMode[] = [
  {
    name: 'associated-node',
    applies: (wanted, requestor) => hasNameOnly(wanted) && isOnNode(requestor, nodeOf(wanted.username)),
  },
  { name: 'arbitrary-node', applies: (wanted) => hasNameOnly(wanted) && nodeOf(wanted.username) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => hasNameOnly(wanted) && accountOf(wanted.username) !== undefined },
  {
    name: 'user-info',
    applies: ({ username }) => nodeOf(username) === undefined && accountOf(username) === undefined,
  },
  { name: '', applies: () => true },
];

const associatedKeysKey = 'authentication.kubernetes.io/associated-node-keys';
/** From so many questions on, one about everything is tried first. */
const manyQuestions = 4;

type Ask = (attributes: AuthorizationAttributes) => Promise<void>;

/** Who the caller becomes. Throws Forbidden with the first question that was answered no. */
export async function checkMode(
  mode: ImpersonationMode,
  authorizer: Authorizer,
  wanted: UserInfo,
  request: AuthorizationAttributes,
): Promise<UserInfo> {
  const associated = mode.name === 'associated-node';
  const requestor = associated ? withoutValues(request.user) : request.user;
  const ask: Ask = async (attributes) => {
    const decision = await authorizer.authorize(attributes);
    if (decision.decision !== 'allow') throw forbiddenRequest(attributes, decision.reason);
  };
  if (mode.name !== '') await ask({ ...request, user: requestor, verb: `impersonate-on:${mode.name}:${request.verb}` });
  const base: AuthorizationAttributes = {
    user: requestor,
    verb: mode.name === '' ? 'impersonate' : `impersonate:${mode.name}`,
    isResourceRequest: true,
    namespace: '',
    apiGroup: 'authentication.k8s.io',
    apiVersion: 'v1',
    resource: '',
    subresource: '',
    name: '',
    path: '',
  };
  const constrained = mode.name !== '';
  const named = constrained ? base : { ...base, apiGroup: '' };
  const account = accountOf(wanted.username);
  const node = constrained ? nodeOf(wanted.username) : undefined;
  // What is granted for the node that a pod is on holds for every node, so it is asked about all.
  if (node !== undefined) await ask({ ...named, resource: 'nodes', name: associated ? '*' : node });
  else if (account !== undefined) await ask({ ...named, resource: 'serviceaccounts', ...account });
  else await ask({ ...named, resource: 'users', name: wanted.username });
  if (wanted.uid !== undefined) await ask({ ...base, resource: 'uids', name: wanted.uid });
  await askForGroups(ask, { ...named, resource: 'groups' }, wanted.groups, constrained);
  await askForExtra(ask, { ...base, resource: 'userextras' }, wanted.extra, constrained);
  const fixed =
    node !== undefined ? [nodesGroup] : account !== undefined ? serviceAccountGroups(account.namespace) : [];
  const groups = wanted.groups.length === 0 ? fixed : wanted.groups;
  return { ...wanted, groups: withImplicitGroup(wanted.username, groups) };
}

async function askForGroups(
  ask: Ask,
  attributes: AuthorizationAttributes,
  groups: readonly string[],
  constrained: boolean,
): Promise<void> {
  if (constrained && groups.includes('')) {
    throw forbiddenRequest(attributes, 'impersonating the empty string group is not allowed');
  }
  if (constrained && groups.includes(mastersGroup)) {
    const named = { ...attributes, name: mastersGroup };
    throw forbiddenRequest(named, 'impersonating the system:masters group is not allowed');
  }
  if (constrained && groups.length >= manyQuestions && (await isYes(ask({ ...attributes, name: '*' })))) return;
  for (const name of groups) await ask({ ...attributes, name });
}

async function askForExtra(
  ask: Ask,
  attributes: AuthorizationAttributes,
  extra: UserInfo['extra'],
  constrained: boolean,
): Promise<void> {
  const pairs = Object.entries(extra).flatMap(([key, values]) => values.map((value) => [key, value] as const));
  if (constrained) {
    const problem = problemOfExtra(extra);
    if (problem !== undefined) throw forbiddenRequest(attributes, problem);
    const many = pairs.length >= manyQuestions;
    if (many && (await isYes(ask({ ...attributes, subresource: '*', name: '*' })))) return;
  }
  for (const [subresource, name] of pairs) await ask({ ...attributes, subresource, name });
}

function problemOfExtra(extra: UserInfo['extra']): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const [problem] = validateDomainPrefixedPath(key, 'extra.key');
    if (problem !== undefined) {
      const found = `${problem.field}: Invalid value: ${JSON.stringify(problem.value)}: ${problem.detail}`;
      return `impersonating an invalid key in extra is not allowed: ${found}`;
    }
    if (key !== key.toLowerCase()) {
      return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
    }
    if (values.length === 0) return 'impersonating empty values in extra is not allowed';
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

function isYes(asked: Promise<void>): Promise<boolean> {
  return asked.then(
    () => true,
    () => false,
  );
}

function withImplicitGroup(username: string, groups: readonly string[]): readonly string[] {
  const implied = username === anonymousUser ? unauthenticatedGroup : authenticatedGroup;
  if (groups.includes(implied) || groups.includes(unauthenticatedGroup)) return groups;
  return [...groups, implied];
}

function hasNameOnly({ uid, groups, extra }: UserInfo): boolean {
  return uid === undefined && groups.length === 0 && Object.keys(extra).length === 0;
}

function nodeOf(username: string): string | undefined {
  const name = username.startsWith(nodeUserPrefix) ? username.slice(nodeUserPrefix.length) : '';
  return name !== '' && dns1123Subdomain(name).length === 0 ? name : undefined;
}

function accountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountUserPrefix)) return undefined;
  const [namespace, name, ...rest] = username.slice(serviceAccountUserPrefix.length).split(':');
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined;
}

/** A service account whose token is bound to a pod of this node. */
function isOnNode({ username, extra }: UserInfo, node: string | undefined): boolean {
  const [name, ...more] = extra[nodeNameKey] ?? [];
  return node !== undefined && accountOf(username) !== undefined && name === node && more.length === 0;
}

/** Authorizers see which facts are known of the caller, not the facts: the answer is to hold on every node. */
function withoutValues(user: UserInfo): UserInfo {
  return { ...user, extra: { [associatedKeysKey]: Object.keys(user.extra).toSorted() } };
}
