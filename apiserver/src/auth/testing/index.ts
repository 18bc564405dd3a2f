/** What tests of access read in place of a store. */
export { StaticReaders } from './static-readers.ts';
export { TestCertificates } from './certificates.ts';
