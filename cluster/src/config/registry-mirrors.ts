import { ConfigError, type RegistryMirrorConfig } from './cluster-config.ts';
import { pairs } from './values.ts';

const example = 'docker.io=https://mirror.example.com';
/** A registry's host as an image's name begins with it; `*` is every other one. */
const registryPattern = /^(\*|[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:\d+)?)$/;

/**
 * `REGISTRY=URL` as often as there are mirrors, or a YAML mapping from registry to URL or list of URLs. Mirrors of one registry
 * are tried in the order in which they are given.
 */
export function parseRegistryMirrors(value: unknown): readonly RegistryMirrorConfig[] {
  const endpoints = new Map<string, string[]>();
  const given = pairs(value ?? [], (pair) => refusal(pair, 'REGISTRY=URL is asked for'));
  for (const [registry, urls] of given) {
    if (!registryPattern.test(registry)) throw refusal(registry, `"${registry}" is no registry's host`);
    const known = endpoints.get(registry) ?? [];
    const more = (Array.isArray(urls) ? urls : [urls]).map((url: unknown) => mirrorUrl(registry, url));
    endpoints.set(registry, [...known, ...more]);
  }
  return [...endpoints].map(([registry, urls]) => ({ registry, endpoints: urls }));
}

function mirrorUrl(registry: string, value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.username === '';
  if (!fits) throw refusal(`${registry}=${String(value)}`, 'the mirror is an http:// or https:// URL');
  return url.href.replace(/\/$/, '');
}

function refusal(what: string, reason: string): ConfigError {
  return new ConfigError(`--registry-mirror ${JSON.stringify(what)}: ${reason}, such as ${example}`);
}
