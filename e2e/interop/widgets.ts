import { type ApiCaller, post } from '../support/index.ts';

const pauseMs = 200;

const widgetSchema = {
  type: 'object',
  description: 'A widget.',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['color'],
      'x-kubernetes-validations': [{ rule: 'self.replicas <= 10', message: 'at most ten' }],
      properties: {
        color: { type: 'string', enum: ['red', 'green'], description: 'What it looks like.' },
        replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 100, default: 1 },
        port: { 'x-kubernetes-int-or-string': true },
        ratio: { type: 'number', multipleOf: 0.5, exclusiveMinimum: true, minimum: 0 },
        note: { type: 'string', nullable: true, minLength: 1, maxLength: 64, pattern: '^[a-z]*$' },
        since: { type: 'string', format: 'date-time' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
        labels: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
        parts: {
          type: 'array',
          maxItems: 16,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, weight: { type: 'number', default: 1.5 } },
            anyOf: [{ required: ['weight'] }, { properties: { name: { enum: ['light'] } } }],
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      },
    },
    status: {
      type: 'object',
      properties: { replicas: { type: 'integer' }, selector: { type: 'string' } },
    },
  },
};

/** A custom resource definition that uses what schemas can say: two versions, columns, selectable fields, status and scale. */
export function widgetDefinition(group: string): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        shortNames: ['wd', 'wdg'],
        categories: ['all', 'parts'],
      },
      versions: [version('v1', true), version('v1beta1', false)],
    },
  };
}

function version(name: string, storage: boolean): object {
  const columns = [
    { name: 'Color', type: 'string', jsonPath: '.spec.color', description: 'What it looks like', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ];
  return {
    name,
    served: true,
    storage,
    ...(storage ? {} : { deprecated: true, deprecationWarning: 'use v1' }),
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: columns,
    selectableFields: [{ jsonPath: '.spec.color' }],
    schema: { openAPIV3Schema: widgetSchema },
  };
}

/** Defines widgets and waits until the server serves them. */
export async function defineWidgets(api: ApiCaller, group: string): Promise<void> {
  await post(api, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', widgetDefinition(group));
  await until(async () => (await api.call(`/apis/${group}/v1/widgets`)).status === 200);
}

/** Waits until the server says of widgets everywhere: in discovery and in both kinds of documents. */
export async function widgetsDocumented(api: ApiCaller, group: string): Promise<void> {
  const name = [...group.split('.').reverse(), 'v1beta1.Widget'].join('.');
  await until(async () => {
    const index = (await api.call('/openapi/v3')).body.includes(`apis/${group}/v1beta1`);
    const swagger = index && (await api.call('/openapi/v2')).body.includes(name);
    const discovery = swagger && (await api.call('/apis', { headers: { accept: aggregated } })).body.includes(group);
    return discovery && (await api.call('/apis')).body.includes(group);
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

export const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
