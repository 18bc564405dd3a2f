import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Client } from '@coracle/client/rest';
import { objectKey } from '../runtime/keys.ts';
import { isNamespaceTerminating, messageOf } from './failures.ts';

/** Creates and deletes pods on behalf of an owner, and says so in events on the owner. */
export interface PodControl {
  create(pod: Pod, owner: KubernetesObject): Promise<Pod>;
  delete(pod: Pod, owner: KubernetesObject): Promise<void>;
}

export function createPodControl(client: Client, events: EventRecorder): PodControl {
  return {
    async create(pod, owner) {
      try {
        const created = await client.create(Pods, pod);
        events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name}`);
        return created;
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        }
        throw error;
      }
    },
    async delete(pod, owner) {
      try {
        await client.delete(Pods, objectKey(pod));
        events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata?.name}`);
      } catch (error) {
        if (!isStatus(error, 'NotFound')) {
          events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
        }
        throw error;
      }
    },
  };
}
