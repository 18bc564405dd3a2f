import type { ServiceAccount } from '@coracle/apimachinery/types/core-v1';
import type { StrategyParts } from '../../parts.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, nameColumn } from '../../shared/table.ts';
import { tokenSubresource } from './token.ts';

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

/** Source: pkg/registry/core/serviceaccount. */
export function serviceAccountStrategy(parts: StrategyParts): Strategy<ServiceAccount> {
  return {
    resource: { group: '', resource: 'serviceaccounts' },
    generation: 'none',
    prepareForCreate: keepSecretNames,
    prepareForUpdate: keepSecretNames,
    warnings: ({ metadata }, old) =>
      metadata?.annotations?.[mountableSecrets] === undefined ||
      old?.metadata?.annotations?.[mountableSecrets] !== undefined
        ? []
        : [
            `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; ` +
              'prefer separate namespaces to isolate access to mounted secrets',
          ],
    deletion: { returnsObject: true },
    table: { columns: [nameColumn, ageColumn], row: (account, now) => [account.metadata?.name, ageOf(account, now)] },
    subresources: { token: tokenSubresource(parts) },
  };
}

/** References to secrets say no more than their name. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}
