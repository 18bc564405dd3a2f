import type { AccessOptions } from '@coracle/apiserver';
import { authenticationOptions, authenticationSettings } from './authentication-settings.ts';
import { authorizationOptions, authorizationSettings } from './authorization-settings.ts';
import { ConfigError } from './cluster-config.ts';
import type { RawSettings, Setting } from './settings.ts';
import { boolean, durationMilliseconds, integer, path, text } from './values.ts';

const encryptionSettings: readonly Setting[] = [
  { flag: 'encryption-provider-config', value: 'FILE', help: 'EncryptionConfiguration: seals stored values' },
  { flag: 'encryption-provider-config-automatic-reload', help: 'read it again when it changes' },
];

const auditSettings: readonly Setting[] = [
  { flag: 'audit-policy-file', value: 'FILE', help: 'audit Policy: what is recorded of requests' },
  { flag: 'audit-log-path', value: 'FILE', help: 'where records go, a JSON line each; - is the standard output' },
  { flag: 'audit-log-maxage', value: 'DAYS', help: 'how long old files of it are kept (default 366)' },
  { flag: 'audit-log-maxbackup', value: 'N', help: 'how many old files of it are kept (default 100)' },
  { flag: 'audit-log-maxsize', value: 'MIB', help: 'size at which it is put aside (default 100)' },
  { flag: 'audit-webhook-config-file', value: 'KUBECONFIG', help: 'receiver of records, in batches' },
  { flag: 'audit-webhook-batch-buffer-size', value: 'N', help: 'records that wait for it at most (default 10000)' },
  { flag: 'audit-webhook-batch-max-size', value: 'N', help: 'records sent to it at once (default 400)' },
  { flag: 'audit-webhook-batch-max-wait', value: '30s', help: 'how long a smaller batch waits' },
  { flag: 'audit-webhook-initial-backoff', value: '10s', help: 'pause before it is tried again' },
];

/** Access control of the API server, under the names of kube-apiserver's flags and with their defaults. */
export const apiServerSettings: readonly Setting[] = [
  ...grouped('Who one is, as kube-apiserver has it:', authenticationSettings),
  ...grouped('Who may do what, as kube-apiserver has it:', authorizationSettings),
  ...grouped('Audit, as kube-apiserver has it:', auditSettings),
  ...grouped('Encryption at rest, as kube-apiserver has it:', encryptionSettings),
];

function grouped(group: string, members: readonly Setting[]): readonly Setting[] {
  return members.map((setting) => ({ ...setting, group }));
}

/** Throws ConfigError with the name of the first setting that will not do. Files are read when the server starts. */
export function accessOptions(raw: RawSettings): AccessOptions {
  const encryption = path(raw, 'encryptionProviderConfig', 'encryption-provider-config');
  const reload = boolean(
    'encryption-provider-config-automatic-reload',
    raw['encryptionProviderConfigAutomaticReload'] ?? false,
  );
  const audit = auditOptions(raw);
  const authentication = authenticationOptions(raw);
  const authorization = authorizationOptions(raw);
  return {
    ...(encryption === undefined ? {} : { encryption: { path: encryption, reload } }),
    ...(audit === undefined ? {} : { audit }),
    ...(authentication === undefined ? {} : { authentication }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

const countMax = 1_000_000;

function auditOptions(raw: RawSettings): AccessOptions['audit'] {
  const policyFile = path(raw, 'auditPolicyFile', 'audit-policy-file');
  const standardOutput = text(raw, 'auditLogPath') === '-';
  const logPath = standardOutput ? '-' : path(raw, 'auditLogPath', 'audit-log-path');
  const webhookFile = path(raw, 'auditWebhookConfigFile', 'audit-webhook-config-file');
  if (policyFile === undefined) {
    const given =
      logPath !== undefined
        ? '--audit-log-path'
        : webhookFile === undefined
          ? undefined
          : '--audit-webhook-config-file';
    if (given === undefined) return undefined;
    throw new ConfigError(`${given}: nothing is recorded without --audit-policy-file, which says what`);
  }
  if (logPath === undefined && webhookFile === undefined) {
    throw new ConfigError('--audit-policy-file: --audit-log-path or --audit-webhook-config-file says where records go');
  }
  const count = (flag: string, key: string, otherwise: number, min: number) =>
    integer(flag, raw[key] ?? otherwise, min, countMax);
  return {
    policyFile,
    ...(logPath === undefined
      ? {}
      : {
          log: {
            path: logPath,
            maxAgeDays: count('audit-log-maxage', 'auditLogMaxage', 366, 0),
            maxBackups: count('audit-log-maxbackup', 'auditLogMaxbackup', 100, 0),
            maxSizeMebibytes: count('audit-log-maxsize', 'auditLogMaxsize', 100, 1),
          },
        }),
    ...(webhookFile === undefined
      ? {}
      : {
          webhook: {
            configFile: webhookFile,
            bufferSize: count('audit-webhook-batch-buffer-size', 'auditWebhookBatchBufferSize', 10_000, 1),
            batchMax: count('audit-webhook-batch-max-size', 'auditWebhookBatchMaxSize', 400, 1),
            batchWaitMs: durationMilliseconds('audit-webhook-batch-max-wait', raw['auditWebhookBatchMaxWait'] ?? '30s'),
            initialBackoffMs: durationMilliseconds(
              'audit-webhook-initial-backoff',
              raw['auditWebhookInitialBackoff'] ?? '10s',
            ),
          },
        }),
  };
}
