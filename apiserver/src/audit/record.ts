import { deepCopy, isObject } from '@coracle/apimachinery/json';
import type { Status } from '@coracle/apimachinery/errors';
import type { UserInfo as WireUserInfo } from '@coracle/apimachinery/types/authentication-v1';
import type { RequestContext } from '../filters/filter.ts';
import type { UserInfo } from '../http/api-request.ts';
import type { AuditLevel, AuditStage, RequestAudit } from './policy.ts';
import { sourceAddresses } from './source-addresses.ts';

/** `audit.k8s.io/v1` Event; fields in upstream's order. */
export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: Partial<WireUserInfo>;
  readonly impersonatedUser?: Partial<WireUserInfo>;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: Readonly<Record<string, string>>;
  readonly responseStatus?: Partial<Status>;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  /** Microseconds, RFC 3339. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const userAgentLengthMax = 1024;

/** What is recorded of one request while it passes (pkg/audit/context.go, request.go). */
export class AuditRecord {
  readonly #context: RequestContext;
  readonly #audit: RequestAudit;
  readonly #receivedAt: string;
  readonly #user: Partial<WireUserInfo>;
  #objectRef: Record<string, string> | undefined;
  #requestObject: unknown;
  #impersonated: { readonly user: UserInfo; readonly constraint: string } | undefined;

  constructor(context: RequestContext, audit: RequestAudit, now: number) {
    this.#context = context;
    this.#audit = audit;
    this.#receivedAt = microTime(now);
    this.#user = shown(context.user);
    this.#objectRef = referenceOf(context.info);
  }

  /** The body of a write as it was understood: kept as it is now. */
  setRequestObject(object: object): void {
    this.#completeReference(object);
    if (this.#keeps('Request')) this.#requestObject = this.#copyOf(object);
  }

  /** A patch as it was sent. */
  setRequestPatch(patch: unknown): void {
    if (this.#keeps('Request')) this.#requestObject = deepCopy(patch);
  }

  /** `constraint` is the mode of constrained impersonation that allowed it, empty for the classic one. */
  setImpersonated(user: UserInfo, constraint: string): void {
    this.#impersonated = { user, constraint };
  }

  get keepsResponse(): boolean {
    return this.#keeps('RequestResponse');
  }

  /** Undefined where the policy leaves this stage out. */
  event(stage: AuditStage, now: number, response?: AuditedResponse): AuditEvent | undefined {
    if (this.#audit.omitStages.has(stage)) return undefined;
    const { request, info, auditId, annotations } = this.#context;
    const impersonated = this.#impersonated;
    const constraint = impersonated?.constraint;
    const userAgent = shortened(request.headers['user-agent'] ?? '');
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.#audit.level,
      auditID: auditId,
      stage,
      requestURI: uriOf(this.#context),
      verb: info.verb,
      user: this.#user,
      ...(impersonated === undefined ? {} : { impersonatedUser: shown(impersonated.user) }),
      ...(constraint ? { authenticationMetadata: { impersonationConstraint: constraint } } : {}),
      sourceIPs: sourceAddresses(request),
      ...(userAgent === '' ? {} : { userAgent }),
      ...(this.#objectRef === undefined ? {} : { objectRef: this.#objectRef }),
      ...(response === undefined ? {} : { responseStatus: { metadata: {}, ...response.status } }),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...(response?.object === undefined ? {} : { responseObject: this.#copyOf(response.object) }),
      requestReceivedTimestamp: this.#receivedAt,
      stageTimestamp: stage === 'RequestReceived' ? this.#receivedAt : microTime(now),
      ...(annotations.size === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    };
  }

  #keeps(level: 'Request' | 'RequestResponse'): boolean {
    return this.#audit.level === level || this.#audit.level === 'RequestResponse';
  }

  /** What the path does not say about the object, its body does. */
  #completeReference(object: object): void {
    const { metadata } = object as { metadata?: Record<string, unknown> };
    const reference = (this.#objectRef ??= {});
    for (const key of ['namespace', 'name', 'uid', 'resourceVersion']) {
      const value = metadata?.[key];
      if (!reference[key] && typeof value === 'string' && value !== '') reference[key] = value;
    }
  }

  #copyOf(object: unknown): unknown {
    const copy: unknown = deepCopy(object);
    if (this.#audit.omitManagedFields) forEachObject(copy, dropManagedFields);
    return copy;
  }
}

export interface AuditedResponse {
  readonly status: Partial<Status>;
  readonly object?: unknown;
}

/** An object, the items of a list, or the objects in the rows of a Table. */
function forEachObject(value: unknown, visit: (object: Record<string, unknown>) => void): void {
  if (!isObject(value)) return;
  visit(value);
  for (const item of listOf(value['items'])) if (isObject(item)) visit(item);
  for (const row of listOf(value['rows'])) if (isObject(row) && isObject(row['object'])) visit(row['object']);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function dropManagedFields({ metadata }: Record<string, unknown>): void {
  if (isObject(metadata)) delete metadata['managedFields'];
}

function referenceOf(info: RequestContext['info']): Record<string, string> | undefined {
  if (!info.isResourceRequest) return undefined;
  const { resource, namespace, name, group: apiGroup, version: apiVersion, subresource } = info;
  const all = { resource, namespace, name, apiGroup, apiVersion, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

function shown({ username, uid, groups, extra }: UserInfo): Partial<WireUserInfo> {
  return {
    ...(username === '' ? {} : { username }),
    ...(uid ? { uid } : {}),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(Object.keys(extra).length === 0 ? {} : { extra: extra as Record<string, string[]> }),
  };
}

/** As it was sent; callers in this process sent none. */
function uriOf({ request: { uri, path, query } }: RequestContext): string {
  if (uri !== undefined) return uri;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function shortened(userAgent: string): string {
  return userAgent.length > userAgentLengthMax ? `${userAgent.slice(0, userAgentLengthMax)}...TRUNCATED` : userAgent;
}

function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
