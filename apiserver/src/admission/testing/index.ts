/** One write through admission alone. */
export { runAdmission, testAdmissionContext, writeOf, type TestWrite } from './run-admission.ts';
