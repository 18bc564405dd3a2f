import {
  boolType,
  dynType,
  intType,
  listOf,
  mapOf,
  parseType,
  recordType,
  stringType,
  stringFields,
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

function variablesType(types: ReadonlyMap<string, Type>): Type {
  return recordType('kubernetes.variables', Object.fromEntries(types));
}

const textList = listOf(stringType);
const kindType = recordType('kubernetes.GroupVersionKind', stringFields('group', 'version', 'kind'));
const resourceType = recordType('kubernetes.GroupVersionResource', stringFields('group', 'version', 'resource'));

const requestType = recordType('kubernetes.AdmissionRequest', {
  ...stringFields('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
  kind: kindType,
  resource: resourceType,
  requestKind: kindType,
  requestResource: resourceType,
  userInfo: recordType('kubernetes.UserInfo', {
    ...stringFields('username', 'uid'),
    groups: textList,
    extra: mapOf(stringType, textList),
  }),
  dryRun: boolType,
  options: dynType,
});

const namespaceType = recordType('kubernetes.Namespace', {
  metadata: recordType('kubernetes.NamespaceMetadata', {
    ...stringFields('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    finalizers: textList,
  }),
  spec: recordType('kubernetes.NamespaceSpec', { finalizers: textList }),
  status: recordType('kubernetes.NamespaceStatus', {
    conditions: listOf(
      recordType('kubernetes.NamespaceCondition', {
        ...stringFields('status', 'type', 'message', 'reason'),
        lastTransitionTime: timestampType,
      }),
    ),
    phase: stringType,
  }),
});
