import type * as v1 from '../generated/types/apiextensions-v1.ts';
import type * as v1beta1 from '../generated/types/apiextensions-v1beta1.ts';
import type { KubernetesObject } from '../meta/index.ts';
import type { Conversion } from './conversion.ts';
import { defined } from './defined.ts';

/**
 * Upstream keeps custom resource definitions in v1beta1, where what all versions have in common stands once
 * (pkg/apis/apiextensions/v1/conversion.go). This server reads that form and writes v1, so it converts in one direction.
 */
export const definitionsConversion: Conversion = {
  kinds: [{ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' }],
  convert: (object): KubernetesObject => toV1(object as v1beta1.CustomResourceDefinition),
};

function toV1({ spec, ...rest }: v1beta1.CustomResourceDefinition): v1.CustomResourceDefinition {
  const { version, versions, validation, subresources, additionalPrinterColumns, selectableFields, ...kept } = spec;
  const columns = { additionalPrinterColumns, selectableFields };
  const shared = defined({
    schema: validation,
    subresources,
    ...columns,
  }) as Partial<v1beta1.CustomResourceDefinitionVersion>;
  const named = version === undefined ? [] : [{ name: version, served: true, storage: true }];
  return {
    ...rest,
    apiVersion: 'apiextensions.k8s.io/v1',
    spec: defined({
      ...kept,
      versions: (versions?.length ? versions : named).map((each) => versionToV1({ ...each, ...shared })),
      conversion: kept.conversion && conversionToV1(kept.conversion),
    }) as v1.CustomResourceDefinitionSpec,
  } as v1.CustomResourceDefinition;
}

function versionToV1(version: v1beta1.CustomResourceDefinitionVersion): v1.CustomResourceDefinitionVersion {
  const columns = version.additionalPrinterColumns?.map(({ JSONPath, ...column }) => ({
    ...column,
    jsonPath: JSONPath,
  }));
  return defined({ ...version, additionalPrinterColumns: columns }) as v1.CustomResourceDefinitionVersion;
}

function conversionToV1(conversion: v1beta1.CustomResourceConversion): v1.CustomResourceConversion {
  const { strategy, webhookClientConfig: clientConfig, conversionReviewVersions } = conversion;
  if (clientConfig === undefined && conversionReviewVersions === undefined) return { strategy };
  return { strategy, webhook: defined({ clientConfig, conversionReviewVersions }) as v1.WebhookConversion };
}
