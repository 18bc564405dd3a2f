import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '@coracle/apimachinery/clock';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import { Secrets } from '@coracle/apimachinery/resources';
import type { Readers } from '../../registry/readers.ts';
import type { Authentication, TokenAuthenticator } from '../authenticator.ts';
import { authenticatedGroup } from './users.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const defaultGroup = 'system:bootstrappers';

/**
 * Tokens `id.secret` that new nodes join with, kept in Secrets `kube-system/bootstrap-token-<id>`; upstream
 * plugin/pkg/auth/authenticator/token/bootstrap. A Secret that does not fit is as good as none.
 */
export function bootstrapTokenAuthenticator(readers: Readers, clock: Clock): TokenAuthenticator {
  return {
    async authenticateToken(token) {
      const [, id, secret] = tokenPattern.exec(token) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const key = { namespace: 'kube-system', name: `bootstrap-token-${id}` };
      const stored = await readers.get<Secret>(Secrets, key);
      return stored && check(stored, id, secret, clock.now());
    },
  };
}

function check(
  { type, metadata, data = {} }: Secret,
  id: string,
  secret: string,
  now: number,
): Authentication | undefined {
  const value = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
  if (metadata?.deletionTimestamp || type !== 'bootstrap.kubernetes.io/token') return undefined;
  if (!sameText(value('token-secret'), secret) || value('token-id') !== id) return undefined;
  const expiration = value('expiration');
  if (expiration !== '' && !(Date.parse(expiration) > now)) return undefined;
  if (value('usage-bootstrap-authentication') !== 'true') return undefined;
  const groups = value('auth-extra-groups').split(',').filter(Boolean);
  if (!groups.every((group) => groupPattern.test(group))) return undefined;
  const all = [...new Set([defaultGroup, ...groups])];
  return { user: { username: `system:bootstrap:${id}`, groups: [...all, authenticatedGroup], extra: {} } };
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
