import { groupVersion } from '@coracle/apimachinery/schema';
import type { PathHandler } from '../handlers/root.ts';
import { encodeObject } from '../negotiation/object-response.ts';
import type { DiscoverySource } from './discovery.ts';
import type { HealthCheck } from './health.ts';

const fixed = [
  '/.well-known/openid-configuration',
  '/api',
  '/apis',
  '/flagz',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/statusz',
  '/version',
];

/** GET / lists where something is answered (k8s.io/apiserver pkg/server/routes/index.go). */
export function indexPath(source: DiscoverySource, checks: readonly HealthCheck[]): PathHandler {
  return ({ info, request }) => {
    if (request.method !== 'GET' || (info.path !== '/' && info.path !== '/index.html')) return undefined;
    const paths = [...fixed, ...groupPaths(source), ...healthPathsOf(checks)].toSorted();
    const chunks = encodeObject({ paths }, 'json', true);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: { type: 'bytes', chunks } };
  };
}

function groupPaths(source: DiscoverySource): string[] {
  return source.groups().flatMap(({ group, versions }) => {
    const prefix = group === '' ? '/api' : '/apis';
    const own = versions.map(({ version }) => `${prefix}/${groupVersion({ group, version })}`);
    return group === '' ? own : [`${prefix}/${group}`, ...own];
  });
}

function healthPathsOf(checks: readonly HealthCheck[]): string[] {
  const single = checks.flatMap(({ name, endpoints }) => endpoints.map((endpoint) => `/${endpoint}/${name}`));
  return ['/healthz', '/livez', '/readyz', ...single];
}
