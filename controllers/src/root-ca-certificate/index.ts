export { startRootCaCertificate } from './controller.ts';
