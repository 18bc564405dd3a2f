import type { Clock } from '@coracle/apimachinery/clock';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { PriorityLevelConfiguration } from '@coracle/apimachinery/types/flowcontrol-v1';
import { FlowCounts, type FlowObserver } from './flow-counts.ts';
import { type Queuing, QueueSet } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import type { Borrower, SeatLimits, Shares } from './seat-limits.ts';

export type LevelObject = PriorityLevelConfiguration & KubernetesObject;
export type ObserverOf = (levelName: string, schemaName: string) => FlowObserver;

/** The part of a level's nominal seats that one request may take. */
const requestSeatsPart = 0.15;

/** A priority level at work: its queues and what it may use. */
export class Level {
  readonly name: string;
  readonly queueSet: QueueSet;
  readonly retryAfter = new RetryAfter();
  object: LevelObject;
  queuing: Queuing;
  limits: SeatLimits = { nominal: 0, lower: 0, upper: 0 };
  /** Not wanted any more: goes once nothing is left in it. */
  quiescing = false;
  /** What it would have had at the last adjustment if there had been enough for all. Seats. */
  target = 0;
  readonly #counts = new Map<string, FlowCounts>();
  readonly #observerOf: ObserverOf;

  constructor(object: LevelObject, queuing: Queuing, clock: Clock, observerOf: ObserverOf, onIdle: () => void) {
    this.name = nameOf(object);
    this.object = object;
    this.queuing = queuing;
    this.queueSet = new QueueSet(clock, queuing, () => {
      if (this.quiescing) onIdle();
    });
    this.#observerOf = observerOf;
  }

  get exempt(): boolean {
    return this.queuing === 'exempt';
  }

  get borrower(): Borrower {
    const { exempt, limits, queueSet } = this;
    return { ...limits, exempt, current: queueSet.limit, demand: queueSet.demand.statistics };
  }

  /** Seats that one request is taken to need at most; 0: the level does not say. */
  get requestSeatsMax(): number {
    if (typeof this.queuing === 'string') return 0;
    const { nominal } = this.limits;
    return Math.max(1, Math.min(Math.ceil(nominal * requestSeatsPart), Math.floor(nominal / this.queuing.handSize)));
  }

  countsOf(schemaName: string): FlowCounts {
    let counts = this.#counts.get(schemaName);
    if (counts === undefined) {
      counts = new FlowCounts(schemaName, this.#observerOf(this.name, schemaName));
      this.#counts.set(schemaName, counts);
    }
    return counts;
  }

  /** Forgets what was counted of schemas that send nothing here any more. */
  keepCountsOf(schemaNames: ReadonlySet<string>): void {
    for (const [name, counts] of this.#counts) {
      if (!schemaNames.has(name) && counts.isIdle) this.#counts.delete(name);
    }
  }

  counts(): Iterable<FlowCounts> {
    return this.#counts.values();
  }
}

export function nameOf({ metadata }: KubernetesObject): string {
  return metadata?.name ?? '';
}

const hashBits = 60;

/** What a configuration says about queues; undefined where it contradicts itself and is not used. */
export function queuingOf(object: LevelObject): Queuing | undefined {
  const { type, limited, exempt } = object.spec;
  const isExempt = type === 'Exempt';
  if (isExempt !== (nameOf(object) === 'exempt') || isExempt !== (exempt !== undefined)) return undefined;
  if (isExempt) return limited === undefined ? 'exempt' : undefined;
  if (limited === undefined) return undefined;
  const { type: response, queuing } = limited.limitResponse ?? {};
  if ((response === 'Reject') !== (queuing === undefined)) return undefined;
  if (queuing === undefined) return 'none';
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  if (queues <= 0) return 'none';
  const dealable = handSize > 0 && handSize <= queues && Math.ceil(Math.log2(queues) * handSize) <= hashBits;
  return dealable ? { queues, handSize, queueLengthLimit } : undefined;
}

export function sharesOf({ spec: { limited, exempt } }: LevelObject): Shares {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = limited ?? exempt ?? {};
  const borrowingLimitPercent = limited?.borrowingLimitPercent;
  return { shares, lendablePercent, ...(borrowingLimitPercent === undefined ? {} : { borrowingLimitPercent }) };
}
