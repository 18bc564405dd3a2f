/** The administrator's kubeconfig of a cluster. */
export { adminKubeconfig, adminKubeconfigObject, type ClusterAccess, contextName } from './admin-kubeconfig.ts';
