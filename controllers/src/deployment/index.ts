export { startDeployment } from './controller.ts';
