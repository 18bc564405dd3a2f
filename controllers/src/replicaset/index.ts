export { startReplicaSet, startReplicationController } from './controller.ts';
