/** What is sent, whole: enough to send it again. */
export type FuzzRequest = HttpFuzzRequest | WireFuzzRequest;

interface Numbered {
  /** With the seed it says how the request came to be. */
  readonly number: number;
  /** Which generator made it: `patch`, `http2-frames`. */
  readonly family: string;
}

/** A request that an HTTP library can send. */
export interface HttpFuzzRequest extends Numbered {
  readonly transport: 'http1' | 'http2';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Bytes put on a fresh TLS connection as they are. */
export interface WireFuzzRequest extends Numbered {
  readonly transport: 'wire1' | 'wire2';
  readonly bytes: Uint8Array;
}

/** JSON with the bytes as base64, for a file. */
export function serialize(request: FuzzRequest): string {
  return `${JSON.stringify(request, (_key, value: unknown) => (value instanceof Uint8Array ? { base64: value.toBase64() } : value), 2)}\n`;
}

export function deserialize(text: string): FuzzRequest {
  const revive = (_key: string, value: { base64?: unknown } | null): unknown =>
    typeof value === 'object' && typeof value?.base64 === 'string' ? Uint8Array.fromBase64(value.base64) : value;
  return JSON.parse(text, revive) as FuzzRequest;
}
