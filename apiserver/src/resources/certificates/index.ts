import type { Strategy } from '../shared/registry.ts';
import { certificateSigningRequestStrategy } from './certificate-signing-request.ts';
import { clusterTrustBundleStrategy } from './cluster-trust-bundle.ts';
import { podCertificateRequestStrategy } from './pod-certificate-request.ts';

/** Kinds of the group `certificates.k8s.io`. */
export const strategies: readonly Strategy[] = [
  certificateSigningRequestStrategy,
  clusterTrustBundleStrategy,
  podCertificateRequestStrategy,
];
