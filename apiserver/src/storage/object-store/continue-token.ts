import { Buffer } from 'node:buffer';
import type { Revision } from '../storage.ts';

/** Where the next page of a list begins. */
export interface ContinueToken {
  /** The page is of the state at this revision. */
  readonly revision: Revision;
  readonly startAfter: { readonly namespace: string | undefined; readonly name: string };
}

const tokenVersion = 'meta.k8s.io/v1';

/**
 * Upstream's token (k8s.io/apiserver pkg/storage/continue.go): base64url of JSON with a version, a revision and the first
 * key wanted, relative to the resource.
 */
export function encodeContinueToken({ revision, startAfter }: ContinueToken): string {
  const { namespace, name } = startAfter;
  const start = `${namespace === undefined ? '' : `${namespace}/`}${name}\0`;
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, start })).toString('base64url');
}

/** Undefined where the text is no token. */
export function decodeContinueToken(token: string): ContinueToken | undefined {
  const { v, rv, start } = parseToken(token);
  if (v !== tokenVersion || typeof start !== 'string' || !start.endsWith('\0')) return undefined;
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < -1 || rv === 0) return undefined;
  const [namespace, name, more] = start.slice(0, -1).split('/');
  if (namespace === undefined || more !== undefined) return undefined;
  return {
    revision: rv,
    startAfter: name === undefined ? { namespace: undefined, name: namespace } : { namespace, name },
  };
}

function parseToken(token: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
