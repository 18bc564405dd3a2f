/** Tokens of service accounts that are kept in secrets. */
export { startLegacyTokenCleaner } from './clean-legacy.ts';
export { startServiceAccountToken } from './controller.ts';
