export { startPodGc } from './controller.ts';
