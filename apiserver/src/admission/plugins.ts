import type { AdmissionContext } from '../options.ts';
import type { AdmissionPlugin } from './admission.ts';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from './plugins/certificates.ts';
import { defaultIngressClass, defaultStorageClass } from './plugins/default-class.ts';
import { defaultTolerationSeconds } from './plugins/default-toleration-seconds.ts';
import { limitRanger } from './plugins/limit-ranger.ts';
import { mutatingAdmissionPolicy } from './plugins/mutating-admission-policy.ts';
import { namespaceLifecycle } from './plugins/namespace-lifecycle.ts';
import { nodeRestriction } from './plugins/node-restriction.ts';
import { persistentVolumeClaimResize } from './plugins/persistent-volume-claim-resize.ts';
import { podSecurity } from './plugins/pod-security.ts';
import { priority } from './plugins/priority.ts';
import { resourceQuota } from './plugins/resource-quota.ts';
import { runtimeClass } from './plugins/runtime-class.ts';
import { serviceAccount } from './plugins/service-account.ts';
import { storageObjectInUseProtection } from './plugins/storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './plugins/taint-nodes-by-condition.ts';
import { validatingAdmissionPolicy } from './plugins/validating-admission-policy.ts';
import { mutatingWebhooks } from './webhooks/mutating.ts';
import { validatingWebhooks } from './webhooks/validating.ts';
import { createWebhookClient } from '../webhooks/index.ts';

/**
 * The admission plug-ins that are on by default, in upstream's order (pkg/kubeapiserver/options/plugins.go): those that
 * change objects come before those that count or judge the result, and webhooks after everything built in.
 */
export function createAdmission(
  context: AdmissionContext,
  extra: readonly AdmissionPlugin[] = [],
): readonly AdmissionPlugin[] {
  const client = createWebhookClient(context.readers, context.environment);
  context.signal.addEventListener('abort', () => client.close(), { once: true });
  return [
    namespaceLifecycle(context), // nothing else need be asked about an object that has nowhere to be
    limitRanger(context),
    serviceAccount(context),
    nodeRestriction(context),
    taintNodesByCondition,
    podSecurity(context),
    priority(context),
    defaultTolerationSeconds,
    defaultStorageClass(context),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(context),
    runtimeClass(context),
    certificateApproval(context),
    certificateSigning(context),
    clusterTrustBundleAttest(context),
    certificateSubjectRestriction,
    defaultIngressClass(context),
    ...extra,
    mutatingAdmissionPolicy(context),
    mutatingWebhooks(context, client),
    validatingAdmissionPolicy(context),
    validatingWebhooks(context, client),
    resourceQuota(context), // last: what is charged is what is stored
  ];
}
