import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Handler } from '@coracle/client/informer';
import type { WorkQueue } from '@coracle/client/workqueue';
import { controllerOf } from '../shared/owners.ts';
import { keyOf } from './keys.ts';

/** Every event of an object queues its own key. */
export function queueSelf<T extends KubernetesObject>(queue: WorkQueue): Handler<T> {
  const add = (object: T) => queue.add(keyOf(object));
  return { added: add, updated: add, deleted: add };
}

/** Every event of an object queues the keys that `keysOf` names, for its state before and after. */
export function queueEach<T extends KubernetesObject>(
  queue: WorkQueue,
  keysOf: (object: T) => readonly string[],
): Handler<T> {
  const addAll = (object: T) => {
    for (const key of keysOf(object)) queue.add(key);
  };
  return {
    added: addAll,
    updated: (object, previous) => {
      addAll(previous);
      addAll(object);
    },
    deleted: addAll,
  };
}

/** Every event of an object queues the key of its controller, when that is of `kind`. */
export function queueController<T extends KubernetesObject>(queue: WorkQueue, kind: string): Handler<T> {
  return queueEach(queue, (object) => {
    const owner = controllerOf(object);
    return owner?.kind === kind ? [keyOf({ metadata: { ...object.metadata, name: owner.name } })] : [];
  });
}
