import { startedBefore } from '../support/index.ts';
import { startBelievers } from './believers.ts';
import { believerSections, flagSections } from './table-believers.ts';
import { describeTable } from './testing/describe-table.ts';

describe('issuers, a webhook and a proxy that are believed', () => {
  const believers = startedBefore(startBelievers);

  describeTable('who is who', believerSections, () => {
    const { configFile, webhookFile, credentials } = believers();
    const webhook = { configFile: webhookFile, version: 'v1' as const, cacheTtlMs: 120_000 };
    return {
      access: { authentication: { configFile, webhook } },
      flags: [
        `--authentication-config=${configFile}`,
        `--authentication-token-webhook-config-file=${webhookFile}`,
        '--authentication-token-webhook-version=v1',
      ],
      credentials,
    };
  });

  describeTable('who is who, said by flags', flagSections, () => {
    const { credentials, oidc, proxyAuthorities } = believers();
    const requestHeader = {
      clientCaFile: proxyAuthorities,
      allowedNames: ['added-proxy'],
      usernameHeaders: ['X-Remote-User', 'X-User'],
      groupHeaders: ['X-Remote-Group', 'X-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-', 'X-More-'],
    };
    return {
      access: { authentication: { oidc, requestHeader } },
      flags: [
        ...[
          `--oidc-issuer-url=${oidc.issuerUrl}`,
          `--oidc-client-id=${oidc.clientId}`,
          `--oidc-ca-file=${oidc.caFile}`,
        ],
        ...[`--oidc-groups-claim=${oidc.groupsClaim}`, `--oidc-groups-prefix=${oidc.groupsPrefix}`],
        ...Object.entries(oidc.requiredClaims ?? {}).map((pair) => `--oidc-required-claim=${pair.join('=')}`),
        `--oidc-signing-algs=${oidc.signingAlgorithms?.join(',')}`,
        // Lists add to those that kube-apiserver has been given already.
        ...[`--requestheader-client-ca-file=${proxyAuthorities}`, '--requestheader-allowed-names=added-proxy'],
        ...['--requestheader-username-headers=X-User', '--requestheader-group-headers=X-Group'],
        '--requestheader-extra-headers-prefix=X-More-',
      ],
      credentials,
    };
  });
});
