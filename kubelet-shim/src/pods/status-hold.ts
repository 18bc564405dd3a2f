import type { Clock, Timer } from '@coracle/apimachinery/clock';
import type { Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import type { StatusWriter } from './pod-services.ts';

/**
 * How long a pod that may end has to run before it is reported Running. `kubectl run -i` attaches to what is Running, and warns
 * and prints twice when that has ended in the meantime. Upstream's kubelet looks at a pod's containers as soon as it has
 * started them (PLEGOnDemandRelist), so that it is a matter of luck there; a pod that starts again is not held here either.
 */
export const runningHoldMs = 250;

/** Writes a pod's statuses, all but the first Running one at once. An end that comes before that one takes its place. */
export class StatusHold {
  readonly #statuses: Pick<StatusWriter, 'set'>;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #held: readonly [pod: Pod, status: PodStatus] | undefined;

  constructor(statuses: Pick<StatusWriter, 'set'>, clock: Clock) {
    this.#statuses = statuses;
    this.#clock = clock;
  }

  /** `previous` is the status before this one, reported or held. */
  set(pod: Pod, previous: PodStatus, status: PodStatus): void {
    if (mayEnd(pod) && status.phase === 'Running') {
      if (this.#timer === undefined && previous.phase !== 'Running')
        this.#timer = this.#clock.after(runningHoldMs, () => this.#release());
      if (this.#timer !== undefined) {
        this.#held = [pod, status];
        return;
      }
    }
    this.cancel();
    this.#statuses.set(pod, status);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held = undefined;
  }

  #release(): void {
    const held = this.#held;
    this.cancel();
    if (held !== undefined) this.#statuses.set(...held);
  }
}

function mayEnd({ metadata, spec }: Pod): boolean {
  return spec?.restartPolicy !== 'Always' && metadata?.deletionTimestamp === undefined;
}
