import type { AuditRecord } from '../audit/record.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../http/api-request.ts';
import type { RequestInfo } from './request-info.ts';

/** One request on its way down the chain. Filters fill in what later ones and the handlers read. */
export interface RequestContext {
  /** The authentication filter takes from it what only it may read. */
  request: ApiRequest;
  readonly info: RequestInfo;
  /** Set by the authentication filter; `system:unauthenticated` territory before that. */
  user: UserInfo;
  /** Aborted with the request's own signal, and when the deadline filter says so. */
  signal: AbortSignal;
  /** Set by the deadline filter: how long the request may take. Absent for long-running ones. Milliseconds. */
  timeoutMs?: number;
  /** What the answer waited for others than this server: for a seat, and for admission webhooks. Milliseconds. */
  waitedMs: number;
  /** Set by the priority filter: headers of the answer, be it an error. */
  flowHeaders?: Readonly<Record<string, string>>;
  /** Set by the priority filter for watches; called once the initial events are told. */
  watchInitialized?: () => void;
  readonly warnings: Warnings;
  /** Random id, answered as `Audit-Id`. */
  auditId: string;
  /** Annotations for the audit event, from authorizers and admission. */
  readonly annotations: AuditAnnotations;
  /** Set by the audit filter where the policy wants this request recorded. */
  audit?: AuditRecord;
}

export type Handler = (context: RequestContext) => Promise<ApiResponse>;

/** Sees the request before and the answer after everything below it. */
export type Filter = (context: RequestContext, next: Handler) => Promise<ApiResponse>;

/** What is said first under a key stays (k8s.io/apiserver pkg/audit/context.go). */
export class AuditAnnotations extends Map<string, string> {
  override set(key: string, value: string): this {
    return this.has(key) ? this : super.set(key, value);
  }
}

/** Collects the texts of `Warning` headers; each is sent once. */
export class Warnings {
  #texts: string[] | undefined;

  add(text: string): void {
    this.#texts ??= [];
    if (!this.#texts.includes(text)) this.#texts.push(text);
  }

  get texts(): readonly string[] {
    return this.#texts ?? noTexts;
  }
}

const noTexts: readonly string[] = [];
