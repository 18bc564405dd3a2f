import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import type { Handler, Lister } from '@coracle/client/informer';
import { keyOf } from '../runtime/keys.ts';
import { deepEqual } from './equality.ts';
import type { Expectations } from './expectations.ts';
import { controllerOf } from './owners.ts';
import { isTerminating } from './pods.ts';

export interface ChildHandlerOptions<O extends KubernetesObject, C extends KubernetesObject> {
  readonly owners: Lister<O>;
  /** Kind in the owner references that point at `owners`. */
  readonly ownerKind: string;
  /** Where the owners' keys go: a work queue, or something that batches in front of one. */
  readonly queue: { add(key: string): void };
  readonly expectations?: Expectations;
  /** Whether the owner would adopt the child. */
  readonly matches: (owner: O, child: C) => boolean;
  /** Called with the owner of a child that changed, after it was queued. */
  readonly onUpdate?: (owner: O, child: C, previous: C) => void;
}

/** Turns events of children into keys of their owners, counting down what the owners expect to see. */
export function childHandler<O extends KubernetesObject, C extends KubernetesObject>(
  options: ChildHandlerOptions<O, C>,
): Handler<C> {
  const { owners, ownerKind, queue, expectations, matches } = options;

  const ownerOf = (child: C, reference: OwnerReference | undefined): O | undefined => {
    if (reference?.kind !== ownerKind) return undefined;
    const owner = owners.get(reference.name, child.metadata?.namespace);
    return owner?.metadata?.uid === reference.uid ? owner : undefined;
  };
  const queueAdopters = (child: C): void => {
    for (const owner of owners.list(child.metadata?.namespace)) if (matches(owner, child)) queue.add(keyOf(owner));
  };
  const removed = (child: C): void => {
    const owner = ownerOf(child, controllerOf(child));
    if (!owner) return;
    expectations?.deletionObserved(keyOf(owner), child.metadata?.uid ?? '');
    queue.add(keyOf(owner));
  };

  return {
    added(child) {
      if (isTerminating(child)) return removed(child);
      const reference = controllerOf(child);
      if (!reference) return queueAdopters(child);
      const owner = ownerOf(child, reference);
      if (!owner) return;
      expectations?.creationObserved(keyOf(owner));
      queue.add(keyOf(owner));
    },
    updated(child, previous) {
      const reference = controllerOf(child);
      const previousReference = controllerOf(previous);
      const labelsChanged = !deepEqual(child.metadata?.labels, previous.metadata?.labels);
      if (isTerminating(child)) {
        removed(child);
        if (labelsChanged) removed(previous);
        return;
      }
      const changedHands = reference?.uid !== previousReference?.uid;
      if (changedHands) {
        const before = ownerOf(previous, previousReference);
        if (before) queue.add(keyOf(before));
      }
      if (reference) {
        const owner = ownerOf(child, reference);
        if (!owner) return;
        queue.add(keyOf(owner));
        options.onUpdate?.(owner, child, previous);
      } else if (labelsChanged || changedHands) queueAdopters(child);
    },
    deleted: removed,
  };
}
