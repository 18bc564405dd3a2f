import { startDeployment } from './deployment/index.ts';
import { startReplicaSet, startReplicationController } from './replicaset/index.ts';
import type { StartController } from './runtime/index.ts';

export interface ControllerRow {
  /** Upstream's name (cmd/kube-controller-manager/names). */
  readonly name: string;
  /** Service account in kube-system that it speaks as; the controller manager's own user when absent. */
  readonly account?: string;
  /** `source.component` of its events where upstream's differs from the name. */
  readonly eventSource?: string;
  readonly onByDefault?: boolean;
  readonly start: StartController;
}

/** The only list of controllers. Handlers of one informer are called in this order. */
export const controllerTable: readonly ControllerRow[] = [
  {
    name: 'replicationcontroller-controller',
    account: 'replication-controller',
    eventSource: 'replication-controller',
    start: startReplicationController,
  },
  { name: 'replicaset-controller', account: 'replicaset-controller', start: startReplicaSet },
  { name: 'deployment-controller', account: 'deployment-controller', start: startDeployment },
];
