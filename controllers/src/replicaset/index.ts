/** A number of pods: ReplicaSets and ReplicationControllers. */
export { startReplicaSet, startReplicationController } from './controller.ts';
