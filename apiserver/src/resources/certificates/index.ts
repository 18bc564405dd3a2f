import type { Strategy } from '../shared/registry.ts';
import { certificateSigningRequestStrategy } from './certificate-signing-request.ts';
import { clusterTrustBundleStrategy, podCertificateRequestStrategy } from './trust.ts';

/** Kinds of the group `certificates.k8s.io`. */
export const strategies: readonly Strategy[] = [
  certificateSigningRequestStrategy,
  clusterTrustBundleStrategy,
  podCertificateRequestStrategy,
];
