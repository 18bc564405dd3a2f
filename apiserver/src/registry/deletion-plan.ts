import type { KubernetesObject, ObjectMeta } from '@coracle/apimachinery/meta';
import { timestamp } from './metadata.ts';
import type { DeleteOptions } from './readers.ts';
import { metaOf, type Write } from './write.ts';

/** What a delete does to an object as it is now. Pure: nothing is changed until `apply`. */
export type DeletionPlan =
  /** Nothing holds it: remove it. */
  | { readonly type: 'now'; apply(object: KubernetesObject): void }
  /** It is being deleted already and this request changes nothing about that. */
  | { readonly type: 'pending' }
  /** Something holds it: `apply` marks a private copy as being deleted. */
  | { readonly type: 'mark'; apply(object: KubernetesObject): void };

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** Decides between removing, marking and leaving alone. Source: rest.BeforeDelete and registry.Store.Delete upstream. */
export function planDeletion(write: Write, current: KubernetesObject, options: DeleteOptions): DeletionPlan {
  const now = write.context.environment.clock.now();
  const meta = current.metadata ?? {};
  const { deletion } = write.resource.strategy;
  const isHeld = deletion?.holds?.(current) === true;
  if (isHeld && meta.deletionTimestamp !== undefined) return { type: 'pending' };
  const grace = graceOf(write, current, options, now);
  if (grace === 'pending') return { type: 'pending' };
  const finalizers = finalizersFor(write, meta, options);
  if (!isHeld && finalizers.length === 0 && (grace === undefined || grace.seconds === 0)) {
    // The last state says that it was deleted, where the kind knows grace periods.
    return { type: 'now', apply: (object) => (grace === undefined ? undefined : applyGrace(metaOf(object), grace)) };
  }
  return {
    type: 'mark',
    apply(object) {
      const target = metaOf(object);
      if (finalizers.length > 0) target.finalizers = finalizers;
      else delete target.finalizers;
      if (grace !== undefined) applyGrace(target, grace);
      else if (deletion?.marksTimeOnly === true) target.deletionTimestamp ??= timestamp(now);
      else markAsDeleting(target, now);
    },
  };
}

interface Grace {
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly deletionTime: number;
  /** False where a pending deletion is only brought forward. */
  readonly first: boolean;
}

/** The grace period of this delete; undefined for a kind or an object that goes at once. */
function graceOf(
  write: Write,
  current: KubernetesObject,
  options: DeleteOptions,
  now: number,
): Grace | 'pending' | undefined {
  const { deletion } = write.resource.strategy;
  if (deletion?.gracePeriodSeconds === undefined) return undefined;
  const asked = options.gracePeriodSeconds;
  const requested = asked !== undefined && asked < 0 ? 1 : asked;
  const meta = current.metadata ?? {};
  if (meta.deletionTimestamp === undefined) {
    const seconds = deletion.gracePeriodSeconds(current, requested);
    return { seconds, deletionTime: now + seconds * 1000, first: true };
  }
  const period = meta.deletionGracePeriodSeconds ?? 0;
  if (period === 0) return undefined;
  if (requested === undefined || requested >= period) return 'pending';
  const moved = Date.parse(meta.deletionTimestamp) + (requested - period) * 1000;
  if (moved >= now) return { seconds: requested, deletionTime: moved, first: false };
  return { seconds: requested === 0 ? 0 : 1, deletionTime: now, first: false };
}

function applyGrace(meta: ObjectMeta, grace: Grace): void {
  if (grace.first && (meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
  meta.deletionTimestamp = timestamp(grace.deletionTime);
  meta.deletionGracePeriodSeconds = grace.seconds;
}

function markAsDeleting(meta: ObjectMeta, now: number): void {
  if (meta.deletionTimestamp === undefined && (meta.generation ?? 0) > 0) meta.generation = (meta.generation ?? 0) + 1;
  if (meta.deletionTimestamp === undefined || Date.parse(meta.deletionTimestamp) > now)
    meta.deletionTimestamp = timestamp(now);
  meta.deletionGracePeriodSeconds = 0;
}

/** The finalizers of the garbage collector follow the client's wish; everybody else's stay. */
function finalizersFor(write: Write, meta: ObjectMeta, options: DeleteOptions): string[] {
  const present = meta.finalizers ?? [];
  const policy = propagationOf(write, present, options);
  const finalizers = present.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  if (policy === 'Orphan') finalizers.push(orphanFinalizer);
  if (policy === 'Foreground') finalizers.push(foregroundFinalizer);
  return finalizers;
}

function propagationOf(
  write: Write,
  finalizers: readonly string[],
  options: DeleteOptions,
): 'Orphan' | 'Foreground' | 'Background' {
  const fallback = write.resource.strategy.deletion?.defaultPropagation;
  if (fallback === 'unsupported') return 'Background';
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  if (finalizers.includes(foregroundFinalizer)) return 'Foreground';
  return fallback === 'orphan' ? 'Orphan' : 'Background';
}
