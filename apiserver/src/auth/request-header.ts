import type { Logger } from '@coracle/apimachinery/component';
import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import { readText } from '../configfile/index.ts';
import type { ApiRequest } from '../http/api-request.ts';
import type { ApiServerOptions } from '../options.ts';
import { certificatesIn } from './authenticators/index.ts';

/** In which headers a proxy says who the user is, under the names that it sends. */
export interface RequestHeaderNames {
  /** The first that says something counts. */
  readonly usernameHeaders: readonly string[];
  /** The first that says something counts. */
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** kube-apiserver's `--requestheader-…` flags; what is absent is as the cluster has it. */
export interface RequestHeaderOptions extends Partial<RequestHeaderNames> {
  /** PEM bundle of authorities that are believed beside the cluster's own. */
  readonly clientCaFile?: string;
  /** Common names that are believed beside the cluster's own proxy; empty: all that the authorities sign. */
  readonly allowedNames?: readonly string[];
}

/** Which proxies are believed, and where they name the user. */
export interface RequestHeaderConfig extends RequestHeaderNames {
  /** PEM bundle. */
  readonly authorities: string;
  /** Empty: all that the authorities sign. */
  readonly allowedNames: readonly string[];
}

const standard: RequestHeaderNames = {
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: ['X-Remote-Uid'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
};

const flags: Readonly<Record<keyof RequestHeaderNames, string>> = {
  usernameHeaders: 'requestheader-username-headers',
  uidHeaders: 'requestheader-uid-headers',
  groupHeaders: 'requestheader-group-headers',
  extraHeaderPrefixes: 'requestheader-extra-headers-prefix',
};

/**
 * Undefined where no proxy is believed. Throws a StatusError for settings that will not do
 * (k8s.io/apiserver pkg/server/options/authentication.go, pkg/kubeapiserver/options/authentication.go).
 */
export async function readRequestHeaderConfig(
  { authentication, frontProxy, listen }: ApiServerOptions,
  log: Logger,
): Promise<RequestHeaderConfig | undefined> {
  const { clientCaFile, allowedNames, ...given } = authentication?.requestHeader ?? {};
  checkNames(given, log);
  refuseEmpty('requestheader-allowed-names', allowedNames);
  const added = clientCaFile === undefined ? '' : await readAuthorities(clientCaFile);
  if (added === '' && frontProxy === undefined) return undefined;
  const anyName = allowedNames === undefined ? clientCaFile !== undefined : allowedNames.length === 0;
  if (anyName && overlap(added, listen?.tls.clientAuthorities ?? [])) throw badRequest(overlapping);
  return {
    ...standard,
    ...given,
    authorities: [frontProxy?.authorities ?? '', added].filter(Boolean).join('\n'),
    allowedNames: anyName ? [] : [...new Set([...(frontProxy?.allowedNames ?? []), ...(allowedNames ?? [])])],
  };
}

const overlapping =
  '--requestheader-client-ca-file holds an authority of client certificates; --requestheader-allowed-names must be ' +
  'specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users';

function checkNames(given: Partial<RequestHeaderNames>, log: Logger): void {
  for (const key of Object.keys(standard) as (keyof RequestHeaderNames)[]) {
    const names = given[key] ?? [];
    refuseEmpty(flags[key], names);
    const [usual = ''] = standard[key];
    if (names.length === 0 || names.some((name) => name.toLowerCase() === usual.toLowerCase())) continue;
    const message = `--${flags[key]} is set without specifying the standard ${usual} header - API aggregation will not work`;
    // The others are older than the rule.
    if (key === 'uidHeaders') throw badRequest(message);
    log.warn(message);
  }
}

function refuseEmpty(flag: string, values: readonly string[] = []): void {
  if (values.some((value) => value.trim() === '')) throw badRequest(`empty value in "${flag}"`);
}

async function readAuthorities(file: string): Promise<string> {
  const bundle = await readText(file);
  const refuse = (reason: string) => badRequest(`--requestheader-client-ca-file ${file}: ${reason}`);
  try {
    if (certificatesIn(bundle).length > 0) return bundle;
  } catch (error) {
    throw refuse(textOfError(error));
  }
  throw refuse('holds no certificate in PEM');
}

function overlap(bundle: string, others: readonly string[]): boolean {
  const known = new Set(others.flatMap(certificatesIn).map(({ fingerprint256 }) => fingerprint256));
  return certificatesIn(bundle).some(({ fingerprint256 }) => known.has(fingerprint256));
}

/**
 * Takes away the headers with which a proxy names the user: a server that gets the request from this one would believe what
 * its sender wrote there. `forward` never passes on the standard ones, so undefined where there are no others.
 */
export function identityHeaderRemover(config: RequestHeaderConfig): ((request: ApiRequest) => ApiRequest) | undefined {
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  const own = (key: keyof RequestHeaderNames) =>
    lower(config[key]).filter((name) => !lower(standard[key]).includes(name));
  const names = new Set([...own('usernameHeaders'), ...own('uidHeaders'), ...own('groupHeaders')]);
  const prefixes = own('extraHeaderPrefixes');
  if (names.size + prefixes.length === 0) return undefined;
  const isIdentity = (name: string) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
  return (request) => {
    const kept = Object.entries(request.headers).filter(([name]) => !isIdentity(name));
    return { ...request, headers: Object.fromEntries(kept) };
  };
}
