import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import { wantedReplicas, withReplicaAnnotations } from './replica-sets.ts';

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What one look at a Deployment decides. Carried out in the order of the members. */
export interface DeploymentPlan {
  /** The ReplicaSet of the current template; the status is computed as if it existed. */
  readonly create?: ReplicaSet;
  readonly updates: readonly ReplicaSetUpdate[];
  readonly deletes: readonly ReplicaSet[];
  /** A new spec, written by a rollback. */
  readonly deployment?: Deployment;
  /** Revision annotation and status as they are to be; absent when they are already. */
  readonly status?: Deployment;
  readonly events: readonly PlannedEvent[];
  readonly requeueAfterMs?: number;
}

export interface ReplicaSetUpdate {
  readonly replicaSet: ReplicaSet;
  /** Set when the size changes. */
  readonly scaledFrom?: number;
}

/** Collects changes to ReplicaSets so that each is written at most once. */
export class ReplicaSetDraft {
  readonly #updates = new Map<string, ReplicaSetUpdate>();

  update(replicaSet: ReplicaSet): void {
    const name = replicaSet.metadata?.name ?? '';
    this.#updates.set(name, { ...this.#updates.get(name), replicaSet });
  }

  /**
   * Plans a size. With `annotate` the sizes it was scaled for are brought up to date even where the size stays.
   * True when the size changes.
   */
  scale(set: ReplicaSet, replicas: number, deployment: Deployment, annotate = false): boolean {
    const name = set.metadata?.name ?? '';
    const drafted = this.#updates.get(name)?.replicaSet ?? set;
    const from = wantedReplicas(set);
    if (from === replicas && !annotate) return false;
    const next = withReplicaAnnotations(drafted, deployment);
    if (next === drafted && from === replicas) return false;
    if (from === replicas) this.#updates.set(name, { replicaSet: next });
    else this.#updates.set(name, { replicaSet: { ...next, spec: { ...next.spec, replicas } }, scaledFrom: from });
    return from !== replicas;
  }

  get updates(): ReplicaSetUpdate[] {
    return [...this.#updates.values()];
  }
}
