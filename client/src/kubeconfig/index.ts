export {
  addToKubeconfig,
  type AddedEntry,
  checkKubeconfig,
  type KubeconfigEntry,
  removeFromKubeconfig,
} from './change-kubeconfig.ts';
export { connectionOf } from './connection.ts';
export type { Kubeconfig, KubeconfigCluster, KubeconfigContext, KubeconfigUser, Named } from './kubeconfig.ts';
export { kubeconfigPaths, loadKubeconfig, mergeKubeconfigs } from './load-kubeconfig.ts';
