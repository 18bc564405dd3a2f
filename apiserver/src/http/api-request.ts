import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';

/**
 * The neutral request and response that everything between the HTTP edge and the store works on. The edge (koa, ws) and
 * the in-process loopback transport both speak it, so a component that lives in this process pays for no socket and no
 * second serialisation, and passes the same filters as everybody else.
 */
export interface ApiRequest {
  readonly method: string;
  /** Path without the query, percent-decoded segment by segment is the router's business: this is as received. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Path and query as they came over the wire; absent for callers in this process. */
  readonly uri?: string;
  /** Lower-case names; repeated headers joined with ", " as HTTP says. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Names and values by turns, as they came over the wire; absent for callers in this process. See `header-lines.ts`. */
  readonly rawHeaders?: readonly string[];
  readonly body: RequestBody;
  /** Aborted when the client goes away, the deadline passes, or the server stops. */
  readonly signal: AbortSignal;
  readonly peer: Peer;
  /**
   * Calls back once, when the whole answer is on its way or nobody takes it any more. Absent where nothing has to be sent:
   * callers in this process have an answer as soon as it is made.
   */
  readonly whenSent?: (callback: () => void) => void;
  /** Set for requests that asked for a protocol upgrade: hands over the raw connection. */
  readonly upgrade?: Upgrade;
}

export interface RequestBody {
  /** The whole body. Throws RequestEntityTooLarge beyond `limitBytes`. */
  bytes(limitBytes: number): Promise<Uint8Array>;
  /** In-process callers hand over plain data, already decoded: never written to by the server. */
  readonly object?: unknown;
  /** The body as it arrives, for proxied requests. */
  stream(): AsyncIterable<Uint8Array>;
}

export interface Peer {
  /** Remote address without the port; `in-process` for the loopback. */
  readonly address: string;
  /** The verified client certificate, if there is one. */
  readonly certificate?: {
    readonly commonName: string;
    readonly organizations: readonly string[];
    readonly raw: Uint8Array;
    /** Milliseconds since 1970. */
    readonly expiresAt: number;
    /** What the peer has shown beside it, not yet believed. */
    readonly intermediates?: readonly X509Certificate[];
  };
  /** Why the certificate that was shown is not believed; `certificate` is absent then. */
  readonly certificateError?: string;
  /** Who the caller is when it lives in this process and needs no proof. */
  readonly trustedUser?: UserInfo;
}

export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface Upgrade {
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Lines of `Set-Cookie`, the one header whose lines cannot be joined. */
  readonly cookies?: readonly string[];
  readonly body: ResponseBody;
}

export type ResponseBody =
  | { readonly type: 'empty' }
  /** A whole answer. `value` is the same answer decoded and frozen, for in-process callers. */
  | {
      readonly type: 'bytes';
      readonly chunks: readonly Uint8Array[];
      readonly value?: () => unknown;
      /** The same bytes as one gzip member, where that is cheaper than to compress them for this answer. */
      readonly packed?: () => Promise<readonly Uint8Array[]>;
    }
  /** An open-ended answer: logs, proxied bodies, large lists. The edge pulls no faster than the client reads. */
  | { readonly type: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
  /**
   * A watch. Frames are already encoded for the negotiated type; `value` serves in-process callers. `ended` tells whoever
   * still waits for the client to take a batch that there is no more to come.
   */
  | { readonly type: 'watch'; readonly frames: AsyncIterable<readonly WatchFrame[]>; readonly ended: AbortSignal }
  /** The connection was taken over through `request.upgrade`. */
  | { readonly type: 'upgraded' };

export interface WatchFrame {
  /** One event with its framing (newline for JSON, length prefix for protobuf). Shared by all watchers of one encoding. */
  readonly bytes: Uint8Array;
  readonly value: () => { readonly type: string; readonly object: unknown };
}
