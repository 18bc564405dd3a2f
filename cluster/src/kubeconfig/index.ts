/** The administrator's kubeconfig of a cluster. */
export { adminKubeconfig, type ClusterAccess, contextName, kubeconfigEntry } from './admin-kubeconfig.ts';
