import { may, mayNot, type Section } from './row.ts';

const secrets = 'GET /api/v1/secrets';
const createPod = 'POST /api/v1/namespaces/team/pods?dryRun=All';
const inTeam = (collection: string) => `POST /api/v1/namespaces/team/${collection}?dryRun=All`;
const named = { metadata: { name: 'new' } };

/** Each `system:controller:` role, by the service account that holds it: one thing it may, one it may not. */
const controllers: readonly [name: string, allowed: string, denied: string][] = [
  ['attachdetach-controller', 'GET /api/v1/persistentvolumeclaims', secrets],
  ['certificate-controller', 'GET /apis/certificates.k8s.io/v1/certificatesigningrequests', secrets],
  ['clusterrole-aggregation-controller', 'GET /apis/rbac.authorization.k8s.io/v1/clusterroles', secrets],
  ['cronjob-controller', 'GET /apis/batch/v1/cronjobs', secrets],
  ['daemon-set-controller', 'GET /apis/apps/v1/daemonsets', secrets],
  ['deployment-controller', 'GET /apis/apps/v1/deployments', secrets],
  ['device-taint-eviction-controller', 'GET /apis/resource.k8s.io/v1/resourceslices', secrets],
  ['disruption-controller', 'GET /apis/policy/v1/poddisruptionbudgets', secrets],
  ['endpoint-controller', 'GET /api/v1/endpoints', secrets],
  ['endpointslice-controller', 'GET /apis/discovery.k8s.io/v1/endpointslices', secrets],
  ['endpointslicemirroring-controller', 'GET /api/v1/endpoints', secrets],
  ['ephemeral-volume-controller', 'GET /api/v1/pods', secrets],
  ['expand-controller', 'GET /api/v1/persistentvolumes', secrets],
  ['generic-garbage-collector', secrets, createPod],
  ['horizontal-pod-autoscaler', 'GET /apis/autoscaling/v2/horizontalpodautoscalers', secrets],
  ['job-controller', 'GET /apis/batch/v1/jobs', secrets],
  [
    'kube-apiserver-serving-clustertrustbundle-publisher',
    'GET /apis/certificates.k8s.io/v1/clustertrustbundles',
    secrets,
  ],
  ['namespace-controller', secrets, createPod],
  ['node-controller', 'GET /apis/coordination.k8s.io/v1/leases', secrets],
  ['persistent-volume-binder', 'GET /api/v1/persistentvolumes', secrets],
  ['pod-garbage-collector', 'GET /api/v1/pods', secrets],
  ['podcertificaterequestcleaner', 'GET /apis/certificates.k8s.io/v1/podcertificaterequests', secrets],
  ['pv-protection-controller', 'GET /api/v1/persistentvolumes', secrets],
  ['pvc-protection-controller', 'GET /api/v1/persistentvolumeclaims', secrets],
  ['replicaset-controller', 'GET /apis/apps/v1/replicasets', secrets],
  ['replication-controller', 'GET /api/v1/replicationcontrollers', secrets],
  ['resource-claim-controller', 'GET /apis/resource.k8s.io/v1/resourceclaims', secrets],
  ['resourcequota-controller', secrets, createPod],
  ['route-controller', 'GET /api/v1/nodes', secrets],
  ['selinux-warning-controller', 'GET /apis/storage.k8s.io/v1/csidrivers', secrets],
  ['service-cidrs-controller', 'GET /apis/networking.k8s.io/v1/servicecidrs', secrets],
  ['service-controller', 'GET /api/v1/services', secrets],
  ['statefulset-controller', 'GET /apis/apps/v1/statefulsets', secrets],
  ['storage-version-migrator-controller', secrets, createPod],
  ['ttl-after-finished-controller', 'GET /apis/batch/v1/jobs', secrets],
  ['ttl-controller', 'GET /api/v1/nodes', secrets],
  [
    'validatingadmissionpolicy-status-controller',
    'GET /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    secrets,
  ],
  ['volumeattributesclass-protection-controller', 'GET /apis/storage.k8s.io/v1/volumeattributesclasses', secrets],
];

export const controllerSections: readonly Section[] = [
  ...controllers.map(([name, allowed, denied]) => ({
    who: `account kube-system/${name}`,
    rows: [may(allowed), mayNot(denied)],
  })),
  {
    who: 'account kube-system/legacy-service-account-token-cleaner',
    rows: [may('DELETE /api/v1/namespaces/team/secrets/absent', 404), mayNot(secrets)],
  },
  {
    who: 'account kube-system/root-ca-cert-publisher',
    rows: [may(inTeam('configmaps'), 201, { body: named }), mayNot(secrets)],
  },
  {
    who: 'account kube-system/service-account-controller',
    rows: [may(inTeam('serviceaccounts'), 201, { body: named }), mayNot(secrets)],
  },
];
