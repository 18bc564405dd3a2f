/** The control loops of a cluster: `startControllers`. */
export { type ControllerRow, controllerTable } from './controller-table.ts';
export {
  type ControllersDependencies,
  type ControllersOptions,
  selectControllers,
  startControllers,
} from './manager.ts';
export type { SigningMaterial } from './runtime/index.ts';
