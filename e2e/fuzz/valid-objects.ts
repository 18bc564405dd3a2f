import type { PlainObject } from './corpus.ts';

const labels = { app: 'fuzz' };
const selector = { matchLabels: labels };
const podSpec = {
  containers: [
    {
      name: 'c',
      image: 'registry.example/app:1',
      env: [{ name: 'A', value: 'b' }],
      ports: [{ containerPort: 80, name: 'http' }],
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '1', memory: '1Gi' } },
      livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    },
  ],
  volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'a', path: 'b' }] } }],
  tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
      },
    },
  },
};
const template = { metadata: { labels }, spec: podSpec };
const serviceBackend = { service: { name: 's', port: { number: 80 } } };
const webhook = {
  name: 'w.example.com',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
  timeoutSeconds: 1,
  clientConfig: { url: 'https://127.0.0.1:1/hook' },
  rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
  namespaceSelector: { matchLabels: { never: 'set' } },
  matchConditions: [{ name: 'm', expression: 'object.metadata.name != "x"' }],
};
const policyMatch = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] },
  ],
};
const widgetSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [
        { rule: 'self.size <= 100', message: 'too big' },
        {
          rule: '!has(self.names) || self.names.all(n, n.matches("^[a-z]+$"))',
          fieldPath: '.names',
          reason: 'FieldValueInvalid',
        },
        { rule: 'self.size >= oldSelf.size', optionalOldSelf: false },
      ],
      properties: {
        size: { type: 'integer', minimum: 0, maximum: 1000, default: 1 },
        name: { type: 'string', pattern: '^(a+)+$', maxLength: 100, nullable: true },
        names: {
          type: 'array',
          maxItems: 20,
          'x-kubernetes-list-type': 'set',
          items: { type: 'string', maxLength: 20 },
        },
        ports: {
          type: 'array',
          maxItems: 20,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port'],
          items: {
            type: 'object',
            required: ['port'],
            properties: { port: { type: 'integer' }, at: { 'x-kubernetes-int-or-string': true } },
          },
        },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        map: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' } } },
  },
};

const meta = (name: string) => ({ name, labels, annotations: { note: 'x' } });

/** One object of each kind with rules of its own, such as a server without controllers takes. */
export const validObjects: readonly PlainObject[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('m'), data: { a: 'b' }, binaryData: { b: 'AAEC' } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta('s'),
    type: 'Opaque',
    stringData: { a: 'b' },
    data: { c: 'ZA==' },
  },
  { apiVersion: 'v1', kind: 'Pod', metadata: meta('p'), spec: podSpec },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('s'),
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }], type: 'NodePort' },
  },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('a'), imagePullSecrets: [{ name: 's' }] },
  { apiVersion: 'v1', kind: 'Node', metadata: meta('n'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: meta('q'),
    spec: { hard: { pods: '10k', 'count/secrets': '10k' } },
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: meta('l'),
    spec: { limits: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '10m' } }] },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta('c'),
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: meta('v'),
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/v' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'fuzz' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'fuzz' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
  },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('d'), spec: { replicas: 2, selector, template } },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta('r'), spec: { replicas: 1, selector, template } },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta('d'), spec: { selector, template } },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: meta('s'),
    spec: {
      serviceName: 's',
      selector,
      template,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: meta('j'),
    spec: { completions: 2, parallelism: 1, template: { spec: { ...podSpec, restartPolicy: 'Never' } } },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: meta('c'),
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'OnFailure' } } } },
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: meta('i'),
    spec: {
      rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: serviceBackend }] } }],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta('n'),
    spec: {
      podSelector: selector,
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
    },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta('b'),
    spec: { minAvailable: '50%', selector },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: meta('h'),
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta('e'),
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: meta('l'),
    spec: { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: '2024-01-01T00:00:00.000000Z' },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: meta('r'),
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: meta('b'),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: meta('c'),
    aggregationRule: { clusterRoleSelectors: [selector] },
    rules: [{ nonResourceURLs: ['/x/*'], verbs: ['get'] }],
  },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: meta('p'), value: 1000 },
  { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: meta('s'), provisioner: 'example.com/p' },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: meta('f'),
    spec: {
      priorityLevelConfiguration: { name: 'workload-low' },
      matchingPrecedence: 5000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'u' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
        },
      ],
    },
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: meta('l'),
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 10,
        limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 10 } },
      },
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: meta('w'),
    webhooks: [webhook],
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: meta('w'),
    webhooks: [webhook],
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: meta('policy'),
    spec: {
      failurePolicy: 'Ignore',
      matchConstraints: policyMatch,
      variables: [{ name: 'keys', expression: 'has(object.data) ? object.data.map(k, k) : []' }],
      validations: [
        { expression: 'size(variables.keys) < 100', messageExpression: '"keys: " + string(size(variables.keys))' },
      ],
      auditAnnotations: [{ key: 'k', valueExpression: 'object.metadata.name' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: meta('policy'),
    spec: { policyName: 'policy', validationActions: ['Audit'] },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: meta('policy'),
    spec: {
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'Never',
      matchConstraints: policyMatch,
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": object.metadata.name}}}' },
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: meta('policy'),
    spec: { policyName: 'policy' },
  },
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.fuzz.example' },
    spec: {
      group: 'fuzz.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: widgetSchema },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' },
          },
          selectableFields: [{ jsonPath: '.spec.name' }],
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        },
      ],
    },
  },
  {
    apiVersion: 'fuzz.example/v1',
    kind: 'Widget',
    metadata: meta('w'),
    spec: {
      size: 3,
      name: 'aaaa',
      names: ['a', 'b'],
      ports: [{ port: 1, at: '2' }],
      free: { x: [1] },
      map: { a: 'b' },
    },
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.remote.example' },
    spec: {
      group: 'remote.example',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      insecureSkipTLSVerify: true,
      service: { name: 's', namespace: 'fuzz', port: 443 },
    },
  },
  {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: 'u',
      groups: ['g'],
      resourceAttributes: { verb: 'get', resource: 'pods', labelSelector: { rawSelector: 'a=b' } },
    },
  },
  {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace: 'fuzz' },
  },
  { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'a.b.c', audiences: ['x'] } },
  {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: meta('c'),
    spec: { request: 'LS0tLS1CRUdJTg==', signerName: 'example.com/s', usages: ['client auth'] },
  },
  {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: meta('c'),
    spec: {
      devices: {
        requests: [
          {
            name: 'r',
            exactly: {
              deviceClassName: 'd',
              selectors: [{ cel: { expression: 'device.driver == "x" && device.attributes["x"].a' } }],
            },
          },
        ],
      },
    },
  },
];
