/** Certificate signing requests: approval, signing, cleaning up. */
export { startPodCertificateRequestCleaner } from './clean-pod-requests.ts';
export { startCertificateApprover, startCertificateCleaner, startCertificateSigner } from './controller.ts';
