/** What every write passes between its decoding and the store: plug-ins that change, check and count. */
export type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from './admission.ts';
export { createAdmission } from './plugins.ts';
