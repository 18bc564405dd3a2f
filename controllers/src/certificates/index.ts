/** Certificate signing requests: approval, signing, cleaning up. */
export { startCertificateApprover, startCertificateCleaner, startCertificateSigner } from './controller.ts';
