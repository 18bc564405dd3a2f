export { StaticReaders } from './static-readers.ts';
export { TestCertificates } from './certificates.ts';
