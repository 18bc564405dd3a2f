import {
  boolType,
  type CelEnvironment,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectField,
  objectType,
  parseType,
  stringType,
  timestampType,
  type Type,
} from '@coracle/apimachinery/cel';
import { patchStructs } from './patch-types.ts';
import { compileRegex } from './regex.ts';

/** What expressions of one kind of place may use (k8s.io/apiserver pkg/admission/plugin/cel/compile.go). */
export interface ExpressionContext {
  readonly params?: boolean;
  readonly authorizer?: boolean;
  /** They make a patch. */
  readonly patches?: boolean;
  /** Of the policy, by name; undefined where there are none at all. */
  readonly variables?: ReadonlyMap<string, Type>;
}

/** `stored`: the expression was accepted before. */
export function admissionEnvironment(context: ExpressionContext, stored: boolean): CelEnvironment {
  const { params = false, authorizer = false, patches = false, variables } = context;
  return {
    variables: {
      object: dynType,
      oldObject: dynType,
      namespaceObject: namespaceType,
      request: requestType,
      ...(params ? { params: dynType } : {}),
      ...(authorizer ? authorizerVariables : {}),
      ...(variables === undefined ? {} : { variables: variablesType(variables) }),
    },
    ...(patches ? { structs: patchStructs } : {}),
    regex: compileRegex,
    stored,
  };
}

const authorizerVariables = {
  authorizer: parseType('kubernetes.authorization.Authorizer'),
  'authorizer.requestResource': parseType('kubernetes.authorization.ResourceCheck'),
};

function object(name: string, types: Readonly<Record<string, Type>>): Type {
  const fields = Object.entries(types).map(([key, type]): [string, ObjectField] => [key, { jsonName: key, type }]);
  return objectType(name, new Map(fields));
}

function variablesType(types: ReadonlyMap<string, Type>): Type {
  return object('kubernetes.variables', Object.fromEntries(types));
}

const texts = (...names: string[]): Record<string, Type> => Object.fromEntries(names.map((name) => [name, stringType]));
const textList = listOf(stringType);
const kindType = object('kubernetes.GroupVersionKind', texts('group', 'version', 'kind'));
const resourceType = object('kubernetes.GroupVersionResource', texts('group', 'version', 'resource'));

const requestType = object('kubernetes.AdmissionRequest', {
  ...texts('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
  kind: kindType,
  resource: resourceType,
  requestKind: kindType,
  requestResource: resourceType,
  userInfo: object('kubernetes.UserInfo', {
    ...texts('username', 'uid'),
    groups: textList,
    extra: mapOf(stringType, textList),
  }),
  dryRun: boolType,
  options: dynType,
});

const namespaceType = object('kubernetes.Namespace', {
  metadata: object('kubernetes.NamespaceMetadata', {
    ...texts('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    finalizers: textList,
  }),
  spec: object('kubernetes.NamespaceSpec', { finalizers: textList }),
  status: object('kubernetes.NamespaceStatus', {
    conditions: listOf(
      object('kubernetes.NamespaceCondition', {
        ...texts('status', 'type', 'message', 'reason'),
        lastTransitionTime: timestampType,
      }),
    ),
    phase: stringType,
  }),
});
