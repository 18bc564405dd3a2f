import { type Base, base } from './base.ts';

const attributes = { namespace: 'default', verb: 'get', group: 'apps', resource: 'deployments', name: 'x' };
const clientConfig = { url: 'https://hooks.example.com/x' };
const rule = {
  apiGroups: ['none.example.com'],
  apiVersions: ['*'],
  operations: ['CREATE'],
  resources: ['things'],
  scope: 'Namespaced',
};
const webhook = {
  name: 'hook.example.com',
  clientConfig,
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
  timeoutSeconds: 1,
  matchConditions: [{ name: 'some', expression: 'request.dryRun' }],
  objectSelector: { matchLabels: { never: 'ever' } },
};
const matchConstraints = { resourceRules: [rule] };

export const accessBases: readonly Base[] = [
  base('rbac.authorization.k8s.io/v1', 'Role', {
    rules: [
      { apiGroups: ['', 'apps'], resources: ['pods', 'deployments'], verbs: ['get', 'list'], resourceNames: ['x'] },
    ],
  }),
  base('rbac.authorization.k8s.io/v1', 'ClusterRole', {
    rules: [
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    ],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { aggregate: 'x' } }] },
  }),
  base('rbac.authorization.k8s.io/v1', 'RoleBinding', {
    subjects: [
      { kind: 'ServiceAccount', name: 'default', namespace: 'default' },
      { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' },
    ],
    roleRef: { kind: 'Role', name: 'x', apiGroup: 'rbac.authorization.k8s.io' },
  }),
  base('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
    subjects: [{ kind: 'Group', name: 'people' }],
    roleRef: { kind: 'ClusterRole', name: 'view', apiGroup: 'rbac.authorization.k8s.io' },
  }),
  base('authentication.k8s.io/v1', 'SelfSubjectReview', {}),
  base('authentication.k8s.io/v1', 'TokenReview', { spec: { token: 'nothing', audiences: ['a'] } }),
  base(
    'authorization.k8s.io/v1',
    'SubjectAccessReview',
    { spec: { user: 'jane', groups: ['g'], resourceAttributes: attributes } },
    { nameless: true },
  ),
  base(
    'authorization.k8s.io/v1',
    'SelfSubjectAccessReview',
    { spec: { nonResourceAttributes: { path: '/metrics', verb: 'get' } } },
    { nameless: true },
  ),
  base(
    'authorization.k8s.io/v1',
    'LocalSubjectAccessReview',
    {
      spec: {
        user: 'jane',
        resourceAttributes: {
          ...attributes,
          namespace: 'differential-localsubjectaccessreviews-authorization-k8s-io',
        },
      },
    },
    { nameless: true },
  ),
  base('authorization.k8s.io/v1', 'SelfSubjectRulesReview', { spec: { namespace: 'default' } }),
  base('certificates.k8s.io/v1', 'CertificateSigningRequest', {
    spec: {
      request: certificateRequest(),
      signerName: 'example.com/signer',
      usages: ['client auth', 'digital signature'],
      expirationSeconds: 3600,
    },
  }),
  base('certificates.k8s.io/v1', 'ClusterTrustBundle', { spec: { trustBundle: rootCertificate() } }),
  base('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { webhooks: [webhook] }),
  base('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', {
    webhooks: [
      {
        ...webhook,
        reinvocationPolicy: 'IfNeeded',
        clientConfig: { service: { namespace: 'n', name: 's', path: '/p', port: 443 } },
      },
    ],
  }),
  base('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', {
    spec: {
      failurePolicy: 'Fail',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints,
      matchConditions: [{ name: 'some', expression: 'request.dryRun == false' }],
      variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
      validations: [
        {
          expression: 'variables.replicas < 5',
          message: 'too many',
          reason: 'Invalid',
          messageExpression: '"too many " + string(variables.replicas)',
        },
      ],
      auditAnnotations: [{ key: 'count', valueExpression: 'string(object.spec.replicas)' }],
    },
  }),
  base('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', {
    spec: {
      policyName: 'none.example.com',
      validationActions: ['Deny', 'Audit'],
      paramRef: { name: 'x', namespace: 'y', parameterNotFoundAction: 'Deny' },
      matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } },
    },
  }),
  base('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', {
    spec: {
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'Never',
      matchConstraints,
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 1}}' },
        },
        { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "test", path: "/spec/x", value: "y"}]' } },
      ],
    },
  }),
  base('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicyBinding', {
    spec: { policyName: 'none.example.com' },
  }),
  base(
    'apiregistration.k8s.io/v1',
    'APIService',
    (name) => ({
      spec: {
        group: name.slice('v1.'.length),
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: 'none', name: 'none', port: 443 },
      },
    }),
    { name: (number) => `v1.s${number}.example.com` },
  ),
];

/** A request for a certificate, PEM in base64, made once with openssl; nothing trusts its key. */
function certificateRequest(): string {
  return Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHcMIGCAgEAMCAxDTALBgNVBAMMBGphbmUxDzANBgNVBAoMBnBlb3BsZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABJblnmqXmUUHaWTcyNr9mhyIMyseKaLCUBXG
a2NsSdrOL2XydyU3sUy7dG3ic69spqnNzsQ5B51nVuSgI2AmE2GgADAKBggqhkjO
PQQDAgNJADBGAiEAm1SaXNATCKHfXte4jT7zF2TFoP3YxWfwAhmeDlI8vwcCIQD/
6SsPxC8cJCL6GqdAFWkQUTdrVz11oxL8wIxG2+Lldg==
-----END CERTIFICATE REQUEST-----
`).toString('base64');
}

/** A self-signed authority, PEM, made once with openssl; nothing trusts its key. */
function rootCertificate(): string {
  return `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUKey0bhmB8SeLIXVzy0kAxTmFsfIwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEcm9vdDAgFw0yNjExMjgwMTA2NTdaGA8yMTI2MTEwNDAxMDY1
N1owDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLh3
ycjW9cu+2ekCDOzVvJWJWFa0h0mm6A/iWf2eyEVotIy0OshLzTsmNht2YNGR8yyn
XmBvSO3WkMYDgn/fiayjUzBRMB0GA1UdDgQWBBQA/thYTOAEypBk+UkEP1jS5YQd
dDAfBgNVHSMEGDAWgBQA/thYTOAEypBk+UkEP1jS5YQddDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDbiAAJ6jWMGVnTE6WnLvCPvQ96veuCNfjW
wkbdagQ9KQIgMBgE7J/fh2XOjeUNdL3ynqOFbVMoewa5ZCRTWShP9b0=
-----END CERTIFICATE-----
`;
}
