/** Bootstrap tokens: what they sign, and their end. */
export { startBootstrapSigner, startTokenCleaner } from './controller.ts';
