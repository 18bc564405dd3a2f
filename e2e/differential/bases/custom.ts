import { type Base, base } from './base.ts';

export const customGroup = 'differential.example.com';

/** A schema of everything that structural schemas have, with rules in CEL. */
const richSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [
        { rule: 'self.size >= 0', message: 'size must not be negative' },
        {
          rule: '!has(oldSelf.frozen) || self.frozen == oldSelf.frozen',
          message: 'frozen does not change',
          fieldPath: '.frozen',
          reason: 'FieldValueForbidden',
        },
        {
          rule: '!has(self.limit) || self.size <= self.limit',
          messageExpression: 'self.size > 90 ? "far over the limit" : "over the limit"',
        },
      ],
      properties: {
        size: { type: 'integer', format: 'int32', minimum: -5, maximum: 100, default: 3 },
        limit: { type: 'integer' },
        ratio: { type: 'number', multipleOf: 0.5 },
        frozen: { type: 'string', maxLength: 10 },
        name: { type: 'string', pattern: '^[a-z]+$', minLength: 2, maxLength: 8 },
        mode: { type: 'string', enum: ['Fast', 'Slow'], default: 'Fast' },
        maybe: { type: 'string', nullable: true },
        port: { 'x-kubernetes-int-or-string': true },
        address: { type: 'string', format: 'ipv4' },
        since: { type: 'string', format: 'date-time' },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', maxLength: 20 }, maxItems: 4 },
        parts: {
          type: 'array',
          maxItems: 5,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', maxLength: 10 },
              weight: { type: 'integer', default: 1 },
              on: { type: 'boolean' },
            },
          },
        },
        plain: { type: 'array', items: { type: 'integer' } },
        labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 5 }, maxProperties: 3 },
        atomic: {
          type: 'object',
          'x-kubernetes-map-type': 'atomic',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
        },
        anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        either: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
        },
        embedded: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, phase: { type: 'string' }, selector: { type: 'string' } },
    },
  },
};

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: richSchema },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.size',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How big' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.mode' }],
});

/** The definitions that both servers have before the first request. */
export const customDefinitions: readonly Record<string, unknown>[] = [
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${customGroup}` },
    spec: {
      group: customGroup,
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
        shortNames: ['wd'],
        categories: ['all'],
      },
      versions: [version('v1', true), version('v1beta1', false)],
    },
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${customGroup}` },
    spec: {
      group: customGroup,
      scope: 'Cluster',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  },
];

const widget = {
  spec: {
    size: 5,
    limit: 50,
    ratio: 1.5,
    frozen: 'ice',
    name: 'abc',
    maybe: 'x',
    port: 'http',
    address: '10.0.0.1',
    since: '2020-01-01T00:00:00Z',
    tags: ['a', 'b'],
    parts: [{ name: 'one', weight: 2 }, { name: 'two' }],
    plain: [1, 2],
    labels: { a: 'b' },
    atomic: { a: 'x', b: 'y' },
    anything: { goes: [1, { x: null }] },
    either: { a: 'x' },
    embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inner' }, data: { a: 'b' } },
  },
};

export const customBases: readonly Base[] = [
  base(`${customGroup}/v1`, 'Widget', widget),
  base(`${customGroup}/v1`, 'Widget', { spec: { size: 1 } }),
  base(`${customGroup}/v1beta1`, 'Widget', widget),
  base(`${customGroup}/v1`, 'Gadget', { spec: { a: 1, list: [{ name: 'x' }] }, more: 'y' }),
  base(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    (name) => {
      const plural = name.slice(0, name.indexOf('.'));
      return {
        spec: {
          group: 'made.example.com',
          scope: 'Namespaced',
          names: {
            plural,
            singular: plural.slice(0, -1),
            kind: `K${plural}`,
            listKind: `K${plural}List`,
            shortNames: [`x${plural}`],
          },
          versions: [version('v1', true)],
        },
      };
    },
    { name: (number) => `made${number}s.made.example.com` },
  ),
];
