import { ConfigError, type RegistryMirrorConfig } from './cluster-config.ts';

const example = 'docker.io=https://mirror.example.com';
/** A registry's host as an image's name begins with it; `*` is every other one. */
const registryPattern = /^(\*|[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:\d+)?)$/;

/**
 * `REGISTRY=URL` as often as there are mirrors, or a YAML mapping from registry to URL or list of URLs. Mirrors of one registry
 * are tried in the order in which they are given.
 */
export function parseRegistryMirrors(value: unknown): readonly RegistryMirrorConfig[] {
  const endpoints = new Map<string, string[]>();
  for (const [registry, url] of pairsOf(value)) {
    if (!registryPattern.test(registry)) throw refusal(registry, `"${registry}" is no registry's host`);
    const known = endpoints.get(registry) ?? [];
    endpoints.set(registry, [...known, mirrorUrl(registry, url)]);
  }
  return [...endpoints].map(([registry, urls]) => ({ registry, endpoints: urls }));
}

function pairsOf(value: unknown): readonly (readonly [registry: string, url: unknown])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(pairsOf);
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([registry, urls]) =>
      (Array.isArray(urls) ? urls : [urls]).map((url: unknown) => [registry, url] as const),
    );
  const text = String(value);
  const equals = text.indexOf('=');
  if (equals <= 0) throw refusal(text, 'REGISTRY=URL is asked for');
  return [[text.slice(0, equals), text.slice(equals + 1)]];
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
