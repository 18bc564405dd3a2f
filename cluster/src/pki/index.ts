export type { CertificateRequest, KeyPair } from './certificate.ts';
export { type ClusterPki, ensureClusterPki, type PkiOptions } from './cluster-pki.ts';
