import type { CustomResourceDefinition, JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { instanceTypes, zonePattern } from '../data/index.ts';
import { cloudGroup } from './resources.ts';

const text: JSONSchemaProps = { type: 'string' };
const count: JSONSchemaProps = { type: 'integer', format: 'int32', minimum: 0 };
const texts: JSONSchemaProps = { type: 'object', additionalProperties: text };
const fixed = (schema: JSONSchemaProps, message: string): JSONSchemaProps => ({
  ...schema,
  'x-kubernetes-validations': [{ rule: 'self == oldSelf', message }],
});

const taint: JSONSchemaProps = {
  type: 'object',
  required: ['key', 'effect'],
  properties: {
    key: text,
    value: text,
    effect: { type: 'string', enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
  },
};

const condition: JSONSchemaProps = {
  type: 'object',
  required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  properties: {
    type: text,
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    observedGeneration: { type: 'integer', format: 'int64' },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    reason: text,
    message: text,
  },
};

const conditions: JSONSchemaProps = {
  type: 'array',
  items: condition,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
};

const nodeGroupSchema: JSONSchemaProps = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['instanceType', 'replicas'],
      properties: {
        instanceType: fixed(
          { type: 'string', enum: [...instanceTypes.keys()] },
          'the instance type of a node group never changes: make another group',
        ),
        replicas: { ...count, maximum: 1000 },
        zones: { type: 'array', items: { type: 'string', pattern: zonePattern }, maxItems: 7 },
        labels: texts,
        taints: { type: 'array', items: taint },
        capacityType: { type: 'string', enum: ['ON_DEMAND', 'SPOT'], default: 'ON_DEMAND' },
        diskSizeGiB: { type: 'integer', format: 'int32', minimum: 1, default: 20 },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: count,
        readyReplicas: count,
        selector: text,
        observedGeneration: { type: 'integer', format: 'int64' },
        conditions,
      },
    },
  },
};

/** Limits of EKS: five selectors a profile, five labels a selector. */
const fargateProfileSchema: JSONSchemaProps = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['selectors'],
      properties: {
        selectors: fixed(
          {
            type: 'array',
            minItems: 1,
            maxItems: 5,
            items: {
              type: 'object',
              required: ['namespace'],
              properties: { namespace: { type: 'string', minLength: 1 }, labels: { ...texts, maxProperties: 5 } },
            },
          },
          'the selectors of a Fargate profile never change: make another profile',
        ),
      },
    },
    status: {
      type: 'object',
      properties: { pods: count, observedGeneration: { type: 'integer', format: 'int64' } },
    },
  },
};

/** The definitions of the cloud's resources, as they are applied at start. */
export const customResources: readonly CustomResourceDefinition[] = [
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `nodegroups.${cloudGroup}` },
    spec: {
      group: cloudGroup,
      scope: 'Cluster',
      names: {
        kind: 'NodeGroup',
        listKind: 'NodeGroupList',
        plural: 'nodegroups',
        singular: 'nodegroup',
        shortNames: ['ng'],
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: nodeGroupSchema },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: [
            { name: 'Instance-Type', type: 'string', jsonPath: '.spec.instanceType' },
            { name: 'Desired', type: 'integer', jsonPath: '.spec.replicas' },
            { name: 'Nodes', type: 'integer', jsonPath: '.status.replicas' },
            { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas' },
            { name: 'Zones', type: 'string', jsonPath: '.spec.zones', priority: 1 },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
        },
      ],
    },
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `fargateprofiles.${cloudGroup}` },
    spec: {
      group: cloudGroup,
      scope: 'Cluster',
      names: {
        kind: 'FargateProfile',
        listKind: 'FargateProfileList',
        plural: 'fargateprofiles',
        singular: 'fargateprofile',
        shortNames: ['fp'],
      },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: fargateProfileSchema },
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: 'Namespace', type: 'string', jsonPath: '.spec.selectors[0].namespace' },
            { name: 'Pods', type: 'integer', jsonPath: '.status.pods' },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
        },
      ],
    },
  },
];
