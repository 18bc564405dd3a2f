import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { certificatesIn, type RequestHeaderConfig } from '../auth/index.ts';
import type { Writers } from '../registry/readers.ts';

type Data = Readonly<Record<string, string>>;

const resource = { group: '', resource: 'configmaps' };
const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

/** Whom this server believes. */
export interface SharedAuthentication {
  /** PEM bundles of the authorities of clients. */
  readonly clientAuthorities: readonly string[];
  readonly requestHeader: RequestHeaderConfig | undefined;
}

/**
 * Tells aggregated API servers (`extension-apiserver-authentication-reader` may read it). What is there already stays, before
 * what this server adds: another one of this cluster may have written it
 * (pkg/controlplane/controller/clusterauthenticationtrust).
 */
export async function shareAuthentication(writers: Writers, shared: SharedAuthentication): Promise<void> {
  const own = authenticationData(shared);
  const object: ConfigMap & KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: own };
  if ((await writers.create(resource, object)) !== undefined) return;
  await writers.update<ConfigMap & KubernetesObject>(resource, key, (copy) => {
    const data = combine(copy.data ?? {}, own);
    return deepEqual(copy.data, data) ? undefined : { ...copy, data };
  });
}

function authenticationData({ clientAuthorities, requestHeader }: SharedAuthentication): Record<string, string> {
  const data: Record<string, string> = {};
  if (clientAuthorities.length > 0) data['client-ca-file'] = bundleOf(clientAuthorities);
  if (requestHeader === undefined) return data;
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes, allowedNames, authorities } = requestHeader;
  data['requestheader-username-headers'] = JSON.stringify(usernameHeaders);
  if (uidHeaders.length > 0) data['requestheader-uid-headers'] = JSON.stringify(uidHeaders);
  data['requestheader-group-headers'] = JSON.stringify(groupHeaders);
  data['requestheader-extra-headers-prefix'] = JSON.stringify(extraHeaderPrefixes);
  data['requestheader-client-ca-file'] = bundleOf([authorities]);
  data['requestheader-allowed-names'] = JSON.stringify(allowedNames);
  return data;
}

/** Of both, each certificate and each name once. */
function combine(present: Data, own: Data): Record<string, string> {
  const combined: Record<string, string> = { ...present };
  for (const [name, value] of Object.entries(own)) {
    const before = present[name];
    if (before === undefined) combined[name] = value;
    else if (name.endsWith('-ca-file')) combined[name] = bundleOf([readable(before), value]);
    else combined[name] = JSON.stringify([...new Set<unknown>([...namesIn(before), ...namesIn(value)])]);
  }
  return combined;
}

/** Whoever may write the ConfigMap may have written anything: what cannot be read is replaced. */
function namesIn(json: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function readable(bundle: string): string {
  try {
    return bundleOf([bundle]);
  } catch {
    return '';
  }
}

function bundleOf(bundles: readonly string[]): string {
  return [...new Set(bundles.flatMap(certificatesIn).map(String))].join('');
}
