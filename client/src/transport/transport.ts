import type { Duplex } from 'node:stream';

/**
 * How a request reaches an API server. Two drivers: HTTPS, and the in-process loopback that the launcher fills in.
 * Objects that come back are frozen where they come from a shared cache: treat every one as read-only.
 */
export interface Transport {
  /** One request, one answer. Throws StatusError for every answer that is a failure. */
  request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse>;
  /** A watch: events until the server ends it or the signal is aborted. Throws StatusError where it does not begin. */
  watch(request: TransportRequest, signal: AbortSignal): AsyncIterable<RawWatchEvent>;
  /** Bytes as they arrive: logs and proxied answers. Throws StatusError where it does not begin. */
  stream(request: TransportRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Opens an upgraded connection (exec, attach, port-forward) with the given sub-protocols. */
  upgrade?(request: TransportRequest, protocols: readonly string[], signal: AbortSignal): Promise<Duplex>;
  close(): Promise<void>;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with its query, beginning with a slash. */
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** Plain data (sent as JSON, or handed over as it is in-process) or bytes ready to send. */
  readonly body?: unknown;
}

export interface TransportResponse {
  readonly status: number;
  /** The decoded answer. */
  readonly object: unknown;
  /** `Warning` headers, texts only. */
  readonly warnings: readonly string[];
}

export interface RawWatchEvent {
  readonly type: string;
  readonly object: unknown;
}
