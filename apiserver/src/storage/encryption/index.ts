/** Encryption at rest: values are sealed below the object stores, in upstream's format. */
export { refuseSealed } from './encrypted-storage.ts';
export { encryptStorage, type EncryptionOptions } from './encryption.ts';
