import {
  boolType,
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
} from './types.ts';

/** What expressions of one kind of place may use (k8s.io/apiserver pkg/admission/plugin/cel/compile.go). */
export interface ExpressionContext {
  readonly params?: boolean;
  readonly authorizer?: boolean;
  /** They make a patch. */
  readonly patches?: boolean;
  /** Of the policy, by name; undefined where there are none at all. */
  readonly variables?: ReadonlyMap<string, Type>;
  /** What is known of the objects. Default: nothing. */
  readonly objectType?: Type;
  readonly paramsType?: Type;
}

/** Variables of expressions in admission, with their types. */
export function admissionVariables(context: ExpressionContext): Readonly<Record<string, Type>> {
  const { params = false, authorizer = false, variables, objectType = dynType, paramsType = dynType } = context;
  return {
    object: objectType,
    oldObject: objectType,
    namespaceObject: namespaceType,
    request: requestType,
    ...(params ? { params: paramsType } : {}),
    ...(authorizer ? authorizerVariables : {}),
    ...(variables === undefined ? {} : { variables: variablesType(variables) }),
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
