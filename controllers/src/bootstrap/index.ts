export { startBootstrapSigner, startTokenCleaner } from './controller.ts';
