import { ClusterTrustBundles } from '@coracle/apimachinery/resources';
import { isStatus } from '@coracle/apimachinery/errors';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { ClusterTrustBundleProjection } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';

/** Certificates of ClusterTrustBundles, by name or by signer and labels (KEP-3257). */
export interface TrustBundles {
  anchors(source: ClusterTrustBundleProjection): Promise<string>;
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export function createTrustBundles(client: Client): TrustBundles {
  return {
    async anchors({ name, signerName, labelSelector, optional = false }) {
      if (name !== undefined) {
        try {
          const bundle = await client.get(ClusterTrustBundles, { name });
          return join([bundle.spec?.trustBundle ?? '']);
        } catch (error) {
          if (optional && isStatus(error, 'NotFound')) return '';
          throw error;
        }
      }
      if (signerName === undefined)
        throw new Error('ClusterTrustBundle projection requires either name or signerName to be set');
      // No selector selects nothing, an empty one everything.
      if (!labelSelector) return none(signerName, optional);
      const { items } = await client.list(ClusterTrustBundles, { fieldSelector: `spec.signerName=${signerName}` });
      const selector = selectorOf(labelSelector);
      const chosen = items.filter(({ metadata }) => selector.matches(metadata?.labels ?? {}));
      return chosen.length === 0 ? none(signerName, optional) : join(chosen.map(({ spec }) => spec?.trustBundle ?? ''));
    },
  };
}

function none(signerName: string, optional: boolean): string {
  if (optional) return '';
  throw new Error(`combination of signerName "${signerName}" and labelSelector matched zero ClusterTrustBundles`);
}

/** Each certificate once, in an order that does not depend on the bundles'. */
function join(bundles: readonly string[]): string {
  const certificates = new Set(bundles.flatMap((bundle) => bundle.match(certificatePattern) ?? []));
  return [...certificates]
    .sort()
    .map((certificate) => `${certificate}\n`)
    .join('');
}
