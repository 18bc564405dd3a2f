import type { UserInfo } from '../http/api-request.ts';

/** What a request wants to do, as upstream's `authorizer.Attributes`. Absent strings are empty, never undefined. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  /** `get`, `list`, `watch`, `create`, …; for non-resource requests the lower-case HTTP method. */
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly namespace: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The whole path; authorizers match it for non-resource requests only. */
  readonly path: string;
  /** Selectors of list, watch and deletecollection as they were sent; absent where none was or it does not parse. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** What is asked about somebody. */
export type Question = Omit<AuthorizationAttributes, 'user' | 'verb'>;

/** About a resource, before it is said of which. */
export const blankQuestion: Question = {
  isResourceRequest: true,
  namespace: '',
  apiGroup: '',
  apiVersion: '*',
  resource: '',
  subresource: '',
  name: '',
  path: '',
};

/** Whether somebody has a permission; the reason is nobody's business. */
export async function isAllowed(
  authorizer: Authorizer,
  user: UserInfo,
  verb: string,
  question: Partial<Question>,
): Promise<boolean> {
  const { decision } = await authorizer.authorize({ ...blankQuestion, ...question, user, verb });
  return decision === 'allow';
}

export interface AuthorizationDecision {
  /** `deny` ends the search; `no-opinion` asks the next authorizer. When all abstain the request is forbidden. */
  readonly decision: 'allow' | 'deny' | 'no-opinion';
  /** Goes into the Forbidden message after the colon, and into the audit log. */
  readonly reason: string;
  /** What went wrong while deciding (a role that is missing); shown by SubjectAccessReview. */
  readonly evaluationError?: string;
}

/**
 * Decides whether a user may do something. Called for every request, after authentication and impersonation and before
 * the body is read, in the order of the list (upstream: Node, then RBAC; `system:masters` passes first). Also called by
 * SubjectAccessReview, by impersonation (verb `impersonate`) and by strategies that need extra permissions (`escalate`,
 * `bind`, `approve`, `sign`). Answer without a promise where possible: it is on the path of every request.
 */
export interface Authorizer {
  readonly name: string;
  authorize(attributes: AuthorizationAttributes): AuthorizationDecision | Promise<AuthorizationDecision>;
  /**
   * Resolves when it has read what it decides by. The server calls it once its own policy is stored, and is not ready
   * before. Absent: ready at once.
   */
  ready?(): Promise<void>;
  /** Rules that hold for a user in a namespace, for SelfSubjectRulesReview; absent where it cannot enumerate them. */
  rulesFor?(user: UserInfo, namespace: string): Promise<UserRules>;
}

export interface UserRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** False where this authorizer knows it left rules out. */
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
