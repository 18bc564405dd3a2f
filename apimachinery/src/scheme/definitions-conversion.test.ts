import { expect } from 'chai';
import { builtinScheme } from './builtin-scheme.ts';

const names = { plural: 'things', kind: 'Thing' };
const schema = { openAPIV3Schema: { type: 'object' } };
const column = { name: 'Age', type: 'date' };

describe('custom resource definitions as upstream stores them', () => {
  const rows: readonly (readonly [title: string, v1beta1: object, v1: object])[] = [
    [
      'what stands once is said of every version',
      {
        version: 'v1',
        versions: [
          { name: 'v1', served: true, storage: true },
          { name: 'v2', served: true, storage: false },
        ],
        validation: schema,
        subresources: { status: {} },
        additionalPrinterColumns: [{ ...column, JSONPath: '.metadata.creationTimestamp' }],
        selectableFields: [{ jsonPath: '.spec.color' }],
      },
      {
        versions: ['v1', 'v2'].map((name, index) => ({
          name,
          served: true,
          storage: index === 0,
          schema,
          subresources: { status: {} },
          additionalPrinterColumns: [{ ...column, jsonPath: '.metadata.creationTimestamp' }],
          selectableFields: [{ jsonPath: '.spec.color' }],
        })),
      },
    ],
    [
      'what stands with a version stays there',
      {
        version: 'v1',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema,
            additionalPrinterColumns: [{ ...column, JSONPath: '.a' }],
          },
        ],
      },
      {
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema,
            additionalPrinterColumns: [{ ...column, jsonPath: '.a' }],
          },
        ],
      },
    ],
    [
      'a version alone is the one version',
      { version: 'v1' },
      { versions: [{ name: 'v1', served: true, storage: true }] },
    ],
    [
      'a webhook keeps its address and its reviews',
      {
        version: 'v1',
        conversion: {
          strategy: 'Webhook',
          webhookClientConfig: { url: 'https://a.example' },
          conversionReviewVersions: ['v1'],
        },
      },
      {
        versions: [{ name: 'v1', served: true, storage: true }],
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://a.example' }, conversionReviewVersions: ['v1'] },
        },
      },
    ],
  ];
  for (const [title, v1beta1, v1] of rows) {
    it(title, () => {
      const kind = 'CustomResourceDefinition';
      const stored = {
        apiVersion: 'apiextensions.k8s.io/v1beta1',
        kind,
        spec: { group: 'a.example', names, ...v1beta1 },
      };
      expect(builtinScheme().convert(stored, { group: 'apiextensions.k8s.io', version: 'v1' })).to.deep.equal({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind,
        spec: { group: 'a.example', names, ...v1 },
      });
    });
  }
});
