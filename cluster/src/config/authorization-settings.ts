import type { AccessOptions } from '@coracle/apiserver';
import { ConfigError } from './cluster-config.ts';
import type { RawSettings, Setting } from './settings.ts';
import { durationMilliseconds, path, reviewVersion, text } from './values.ts';

type AuthorizationOptions = NonNullable<AccessOptions['authorization']>;
type Mode = NonNullable<AuthorizationOptions['modes']>[number];

const modes: readonly Mode[] = ['Node', 'RBAC', 'Webhook', 'ABAC', 'AlwaysAllow', 'AlwaysDeny'];
const webhookFlag = 'authorization-webhook-config-file';

/** Who decides about requests, under the names of kube-apiserver's flags. */
export const authorizationSettings: readonly Setting[] = [
  { flag: 'authorization-config', value: 'FILE', help: 'AuthorizationConfiguration: who decides, webhooks among them' },
  { flag: 'authorization-mode', value: 'LIST', help: `of ${modes.join(', ')}, in order (default Node,RBAC)` },
  { flag: 'authorization-policy-file', value: 'FILE', help: 'policies of the mode ABAC, a JSON line each' },
  { flag: webhookFlag, value: 'KUBECONFIG', help: 'the webhook of the mode Webhook' },
  { flag: 'authorization-webhook-version', value: 'v1beta1|v1', help: 'of its SubjectAccessReview (default v1beta1)' },
  { flag: 'authorization-webhook-cache-authorized-ttl', value: '5m', help: 'how long what it allows is kept' },
  { flag: 'authorization-webhook-cache-unauthorized-ttl', value: '30s', help: 'how long what it refuses is kept' },
];

/** Undefined where nothing is set. Throws ConfigError as kube-apiserver refuses its flags. */
export function authorizationOptions(raw: RawSettings): AuthorizationOptions | undefined {
  const configFile = path(raw, 'authorizationConfig', 'authorization-config');
  const policyFile = path(raw, 'authorizationPolicyFile', 'authorization-policy-file');
  const policy = policyFile === undefined ? {} : { policyFile };
  const given = Object.keys(raw).filter((key) => /^authorization(Mode$|Webhook)/.test(key));
  if (configFile !== undefined) {
    if (given.length === 0) return { configFile, ...policy };
    throw new ConfigError('--authorization-config: goes without --authorization-mode and --authorization-webhook-…');
  }
  const chosen = text(raw, 'authorizationMode')?.split(',').map(mode);
  if (chosen === undefined && policyFile === undefined && given.length === 0) return undefined;
  const webhook = webhookOptions(raw);
  checkModes(chosen ?? [], policyFile, webhook?.configFile);
  return { ...(chosen && { modes: chosen }), ...policy, ...(webhook && { webhook }) };
}

function mode(value: string): Mode {
  const known = modes.find((each) => each === value);
  if (known !== undefined) return known;
  throw new ConfigError(`--authorization-mode ${JSON.stringify(value)}: one of ${modes.join(', ')}`);
}

function checkModes(chosen: readonly Mode[], policyFile: string | undefined, webhookFile: string | undefined): void {
  if (new Set(chosen).size < chosen.length) throw new ConfigError('--authorization-mode: a mode is given twice');
  const belonging: [mode: Mode, flag: string, file: string | undefined][] = [
    ['ABAC', 'authorization-policy-file', policyFile],
    ['Webhook', webhookFlag, webhookFile],
  ];
  for (const [name, flag, file] of belonging) {
    if (chosen.includes(name) === (file !== undefined)) continue;
    throw new ConfigError(`--authorization-mode=${name} and --${flag} go together`);
  }
}

function webhookOptions(raw: RawSettings): AuthorizationOptions['webhook'] {
  const configFile = path(raw, 'authorizationWebhookConfigFile', webhookFlag);
  if (configFile === undefined) return undefined;
  const ttl = (kind: 'authorized' | 'unauthorized', otherwise: string) => {
    const key = kind === 'authorized' ? 'Authorized' : 'Unauthorized';
    const value = raw[`authorizationWebhookCache${key}Ttl`] ?? otherwise;
    return durationMilliseconds(`authorization-webhook-cache-${kind}-ttl`, value);
  };
  return {
    configFile,
    version: reviewVersion(raw, 'authorizationWebhookVersion', 'authorization-webhook-version'),
    authorizedTtlMs: ttl('authorized', '5m'),
    unauthorizedTtlMs: ttl('unauthorized', '30s'),
  };
}
