import { startBootstrapSigner, startTokenCleaner } from './bootstrap/index.ts';
import {
  startCertificateApprover,
  startCertificateCleaner,
  startCertificateSigner,
  startPodCertificateRequestCleaner,
} from './certificates/index.ts';
import { startTrustBundlePublisher } from './cluster-trust-bundle/index.ts';
import { startClusterRoleAggregation } from './clusterrole-aggregation/index.ts';
import { startCronJob } from './cronjob/index.ts';
import { startDaemonSet } from './daemonset/index.ts';
import { startDeployment } from './deployment/index.ts';
import { startDisruption } from './disruption/index.ts';
import { startEndpoints } from './endpoints/index.ts';
import { startEndpointSlice } from './endpointslice/index.ts';
import { startEndpointSliceMirroring } from './endpointslicemirroring/index.ts';
import { startEphemeralVolume } from './ephemeral-volume/index.ts';
import { startGarbageCollector } from './garbage-collector/index.ts';
import { startJob } from './job/index.ts';
import { startNamespace } from './namespace/index.ts';
import { startNodeLifecycle } from './node-lifecycle/index.ts';
import { startPersistentVolumeBinder, startVolumeExpander } from './persistentvolume/index.ts';
import { startPodGc } from './pod-gc/index.ts';
import { startHorizontalPodAutoscaler } from './podautoscaler/index.ts';
import { startPolicyStatus } from './policy-status/index.ts';
import { startReplicaSet, startReplicationController } from './replicaset/index.ts';
import { startResourceQuota } from './resourcequota/index.ts';
import { startRootCaCertificate } from './root-ca-certificate/index.ts';
import type { StartController } from './runtime/index.ts';
import { startServiceCidr } from './service-cidr/index.ts';
import { startServiceAccount } from './serviceaccount/index.ts';
import { startLegacyTokenCleaner, startServiceAccountToken } from './serviceaccount-token/index.ts';
import { startStatefulSet } from './statefulset/index.ts';
import { startStorageVersionMigrator } from './storage-version-migrator/index.ts';
import { startTaintEviction } from './taint-eviction/index.ts';
import { startTtl } from './ttl/index.ts';
import { startTtlAfterFinished } from './ttl-after-finished/index.ts';
import {
  startAttributesClassProtection,
  startClaimProtection,
  startVolumeProtection,
} from './volume-protection/index.ts';

export interface ControllerRow {
  /** Upstream's name (cmd/kube-controller-manager/names). */
  readonly name: string;
  /** Service account in kube-system that it speaks as; the controller manager's own user when absent. */
  readonly account?: string;
  /** `source.component` of its events where upstream's differs from the name. */
  readonly eventSource?: string;
  readonly onByDefault?: boolean;
  readonly start: StartController;
}

/** The only list of controllers. Handlers of one informer are called in this order. */
export const controllerTable: readonly ControllerRow[] = [
  { name: 'serviceaccount-controller', account: 'service-account-controller', start: startServiceAccount },
  {
    name: 'root-ca-certificate-publisher-controller',
    account: 'root-ca-cert-publisher',
    start: startRootCaCertificate,
  },
  {
    name: 'kube-apiserver-serving-clustertrustbundle-publisher-controller',
    account: 'kube-apiserver-serving-clustertrustbundle-publisher',
    start: startTrustBundlePublisher,
  },
  {
    name: 'endpoints-controller',
    account: 'endpoint-controller',
    eventSource: 'endpoint-controller',
    start: startEndpoints,
  },
  {
    name: 'endpointslice-controller',
    account: 'endpointslice-controller',
    eventSource: 'endpoint-slice-controller',
    start: startEndpointSlice,
  },
  {
    name: 'endpointslice-mirroring-controller',
    account: 'endpointslicemirroring-controller',
    eventSource: 'endpoint-slice-mirroring-controller',
    start: startEndpointSliceMirroring,
  },
  {
    name: 'replicationcontroller-controller',
    account: 'replication-controller',
    eventSource: 'replication-controller',
    start: startReplicationController,
  },
  { name: 'replicaset-controller', account: 'replicaset-controller', start: startReplicaSet },
  { name: 'deployment-controller', account: 'deployment-controller', start: startDeployment },
  { name: 'daemonset-controller', account: 'daemon-set-controller', start: startDaemonSet },
  { name: 'statefulset-controller', account: 'statefulset-controller', start: startStatefulSet },
  { name: 'job-controller', account: 'job-controller', start: startJob },
  { name: 'cronjob-controller', account: 'cronjob-controller', start: startCronJob },
  { name: 'ttl-after-finished-controller', account: 'ttl-after-finished-controller', start: startTtlAfterFinished },
  {
    name: 'node-lifecycle-controller',
    account: 'node-controller',
    eventSource: 'node-controller',
    start: startNodeLifecycle,
  },
  { name: 'taint-eviction-controller', account: 'node-controller', start: startTaintEviction },
  { name: 'pod-garbage-collector-controller', account: 'pod-garbage-collector', start: startPodGc },
  { name: 'ttl-controller', account: 'ttl-controller', start: startTtl },
  { name: 'garbage-collector-controller', account: 'generic-garbage-collector', start: startGarbageCollector },
  { name: 'namespace-controller', account: 'namespace-controller', start: startNamespace },
  { name: 'resourcequota-controller', account: 'resourcequota-controller', start: startResourceQuota },
  {
    name: 'disruption-controller',
    account: 'disruption-controller',
    eventSource: 'controllermanager',
    start: startDisruption,
  },
  {
    name: 'persistentvolume-binder-controller',
    account: 'persistent-volume-binder',
    eventSource: 'persistentvolume-controller',
    start: startPersistentVolumeBinder,
  },
  {
    name: 'persistentvolume-expander-controller',
    account: 'expand-controller',
    eventSource: 'volume_expand',
    start: startVolumeExpander,
  },
  {
    name: 'persistentvolumeclaim-protection-controller',
    account: 'pvc-protection-controller',
    start: startClaimProtection,
  },
  { name: 'persistentvolume-protection-controller', account: 'pv-protection-controller', start: startVolumeProtection },
  {
    name: 'volumeattributesclass-protection-controller',
    account: 'volumeattributesclass-protection-controller',
    start: startAttributesClassProtection,
  },
  {
    name: 'ephemeral-volume-controller',
    account: 'ephemeral-volume-controller',
    eventSource: 'ephemeral_volume',
    start: startEphemeralVolume,
  },
  {
    name: 'horizontal-pod-autoscaler-controller',
    account: 'horizontal-pod-autoscaler',
    eventSource: 'horizontal-pod-autoscaler',
    start: startHorizontalPodAutoscaler,
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    account: 'certificate-controller',
    start: startCertificateApprover,
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    account: 'certificate-controller',
    start: startCertificateSigner,
  },
  {
    name: 'certificatesigningrequest-cleaner-controller',
    account: 'certificate-controller',
    start: startCertificateCleaner,
  },
  {
    name: 'podcertificaterequest-cleaner-controller',
    account: 'podcertificaterequestcleaner',
    start: startPodCertificateRequestCleaner,
  },
  {
    name: 'clusterrole-aggregation-controller',
    account: 'clusterrole-aggregation-controller',
    start: startClusterRoleAggregation,
  },
  { name: 'serviceaccount-token-controller', start: startServiceAccountToken },
  {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    account: 'legacy-service-account-token-cleaner',
    start: startLegacyTokenCleaner,
  },
  {
    name: 'validatingadmissionpolicy-status-controller',
    account: 'validatingadmissionpolicy-status-controller',
    start: startPolicyStatus,
  },
  {
    name: 'storage-version-migrator-controller',
    account: 'storage-version-migrator-controller',
    start: startStorageVersionMigrator,
  },
  { name: 'service-cidr-controller', account: 'service-cidrs-controller', start: startServiceCidr },
  { name: 'bootstrap-signer-controller', account: 'bootstrap-signer', onByDefault: false, start: startBootstrapSigner },
  { name: 'token-cleaner-controller', account: 'token-cleaner', onByDefault: false, start: startTokenCleaner },
];
