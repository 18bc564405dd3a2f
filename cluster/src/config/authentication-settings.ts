import type { AccessOptions } from '@coracle/apiserver';
import { ConfigError } from './cluster-config.ts';
import type { RawSettings, Setting } from './settings.ts';
import { boolean, durationMilliseconds, pairs, path, reviewVersion, text } from './values.ts';

type AuthenticationOptions = NonNullable<AccessOptions['authentication']>;
type OidcOptions = NonNullable<AuthenticationOptions['oidc']>;

const webhookFlag = 'authentication-token-webhook-config-file';

/** Who is believed, under the names of kube-apiserver's flags. */
export const authenticationSettings: readonly Setting[] = [
  {
    flag: 'authentication-config',
    value: 'FILE',
    help: 'AuthenticationConfiguration: issuers of tokens and what they say, and who may be anonymous where',
  },
  { flag: 'anonymous-auth', value: 'true|false', help: 'whoever shows no credential is anonymous (default true)' },
  { flag: 'oidc-issuer-url', value: 'URL', help: 'OpenID Connect issuer whose tokens are believed; https only' },
  { flag: 'oidc-client-id', value: 'ID', help: 'audience that they have to be for' },
  { flag: 'oidc-username-claim', value: 'CLAIM', help: 'what names the user (default sub)' },
  {
    flag: 'oidc-username-prefix',
    value: 'TEXT',
    help: 'before the name, - for none (default: the URL and #, none with the claim email)',
  },
  { flag: 'oidc-groups-claim', value: 'CLAIM', help: 'what names the groups, a text or a list' },
  { flag: 'oidc-groups-prefix', value: 'TEXT', help: 'before each of them' },
  {
    flag: 'oidc-required-claim',
    value: 'CLAIM=VALUE',
    help: 'what a token has to say; may be given several times',
    repeated: true,
  },
  { flag: 'oidc-signing-algs', value: 'LIST', help: 'of RS, ES and PS with 256, 384 or 512 (default RS256)' },
  { flag: 'oidc-ca-file', value: 'FILE', help: 'authority of the issuer’s certificate (default: the system’s)' },
  {
    flag: 'requestheader-client-ca-file',
    value: 'FILE',
    help: 'authorities of proxies that say who the user is, beside the cluster’s own',
  },
  {
    flag: 'requestheader-allowed-names',
    value: 'LIST',
    help: 'common names of them, beside the cluster’s own (default: all that one of the authorities has signed)',
  },
  { flag: 'requestheader-username-headers', value: 'LIST', help: 'where they name the user (default X-Remote-User)' },
  { flag: 'requestheader-uid-headers', value: 'LIST', help: 'the user’s UID (default X-Remote-Uid)' },
  { flag: 'requestheader-group-headers', value: 'LIST', help: 'the user’s groups (default X-Remote-Group)' },
  {
    flag: 'requestheader-extra-headers-prefix',
    value: 'LIST',
    help: 'what begins the headers with more about the user (default X-Remote-Extra-)',
  },
  { flag: webhookFlag, value: 'KUBECONFIG', help: 'webhook that is asked whose a token is' },
  {
    flag: 'authentication-token-webhook-version',
    value: 'v1beta1|v1',
    help: 'of its TokenReview (default v1beta1)',
  },
  { flag: 'authentication-token-webhook-cache-ttl', value: '2m', help: 'how long its answers are kept' },
];

/** Undefined where nothing is set. Throws ConfigError as kube-apiserver refuses its flags. */
export function authenticationOptions(raw: RawSettings): AuthenticationOptions | undefined {
  const configFile = path(raw, 'authenticationConfig', 'authentication-config');
  const anonymous = raw['anonymousAuth'];
  const oidc = oidcOptions(raw);
  const webhook = webhookOptions(raw);
  const requestHeader = requestHeaderOptions(raw);
  if (configFile !== undefined && oidc !== undefined) {
    throw new ConfigError('--authentication-config: goes without the --oidc-… flags: issuers stand in the file');
  }
  const options = {
    ...(configFile === undefined ? {} : { configFile }),
    ...(anonymous === undefined ? {} : { anonymous: boolean('anonymous-auth', anonymous) }),
    ...(oidc && { oidc }),
    ...(webhook && { webhook }),
    ...(requestHeader && { requestHeader }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

function oidcOptions(raw: RawSettings): OidcOptions | undefined {
  if (!Object.keys(raw).some((key) => key.startsWith('oidc'))) return undefined;
  const issuerUrl = text(raw, 'oidcIssuerUrl');
  const clientId = text(raw, 'oidcClientId');
  if (!issuerUrl || !clientId) {
    throw new ConfigError('--oidc-issuer-url and --oidc-client-id: each --oidc-… flag needs both');
  }
  const optional = whatIsGiven({
    usernameClaim: text(raw, 'oidcUsernameClaim'),
    usernamePrefix: text(raw, 'oidcUsernamePrefix'),
    groupsClaim: text(raw, 'oidcGroupsClaim'),
    groupsPrefix: text(raw, 'oidcGroupsPrefix'),
    requiredClaims: requiredClaims(raw['oidcRequiredClaim']),
    signingAlgorithms: text(raw, 'oidcSigningAlgs')?.split(','),
    caFile: path(raw, 'oidcCaFile', 'oidc-ca-file'),
  });
  return { issuerUrl, clientId, ...optional };
}

function requestHeaderOptions(raw: RawSettings): AuthenticationOptions['requestHeader'] {
  const given = whatIsGiven({
    clientCaFile: path(raw, 'requestheaderClientCaFile', 'requestheader-client-ca-file'),
    allowedNames: names(raw, 'requestheaderAllowedNames'),
    usernameHeaders: names(raw, 'requestheaderUsernameHeaders'),
    uidHeaders: names(raw, 'requestheaderUidHeaders'),
    groupHeaders: names(raw, 'requestheaderGroupHeaders'),
    extraHeaderPrefixes: names(raw, 'requestheaderExtraHeadersPrefix'),
  });
  return Object.keys(given).length === 0 ? undefined : given;
}

/** Separated by commas, or a YAML list; none in an empty text. */
function names(raw: RawSettings, key: string): readonly string[] | undefined {
  const given = text(raw, key);
  return given === '' ? [] : given?.split(',').map((name) => name.trim());
}

function whatIsGiven<T extends object>(optional: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as never;
}

function requiredClaims(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  const refuse = (pair: string) => new ConfigError(`--oidc-required-claim ${JSON.stringify(pair)}: CLAIM=VALUE`);
  return Object.fromEntries(pairs(value, refuse).map(([claim, required]) => [claim, String(required)]));
}

function webhookOptions(raw: RawSettings): AuthenticationOptions['webhook'] {
  const configFile = path(raw, 'authenticationTokenWebhookConfigFile', webhookFlag);
  if (configFile === undefined) return undefined;
  const ttl = raw['authenticationTokenWebhookCacheTtl'] ?? '2m';
  return {
    configFile,
    version: reviewVersion(raw, 'authenticationTokenWebhookVersion', 'authentication-token-webhook-version'),
    cacheTtlMs: durationMilliseconds('authentication-token-webhook-cache-ttl', ttl),
  };
}
