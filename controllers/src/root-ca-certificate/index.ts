/** The cluster's certificate authority in every namespace. */
export { startRootCaCertificate } from './controller.ts';
