import { parseQuantity } from '@coracle/apimachinery/quantity';

/** What is watched, under upstream's names (kubelet/eviction/api/types.go). */
export const signals = [
  'memory.available',
  'allocatableMemory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const;
export type Signal = (typeof signals)[number];

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';
export type StarvedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';

export const conditionOf: Readonly<Record<Signal, PressureCondition>> = {
  'memory.available': 'MemoryPressure',
  'allocatableMemory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
  'imagefs.available': 'DiskPressure',
  'imagefs.inodesFree': 'DiskPressure',
  'pid.available': 'PIDPressure',
};

export const resourceOf: Readonly<Record<Signal, StarvedResource>> = {
  'memory.available': 'memory',
  'allocatableMemory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'imagefs.available': 'ephemeral-storage',
  'imagefs.inodesFree': 'inodes',
  'pid.available': 'pids',
};

/** Quantities (`100Mi`) or shares of the capacity (`10%`) by signal, as the kubelet's configuration has them. */
type Amounts = Readonly<Partial<Record<Signal, string>>>;

export interface EvictionSettings {
  /** Below this, pods go at once. Default upstream's. */
  readonly hard?: Amounts;
  /** Below this for longer than its grace period, pods go with their own grace period. */
  readonly soft?: Amounts;
  readonly softGracePeriodSeconds?: Readonly<Partial<Record<Signal, number>>>;
  /** How much more than the threshold must be free before pressure counts as over. */
  readonly minimumReclaim?: Amounts;
  /** How long a node's condition stays after the pressure. Default 300. */
  readonly pressureTransitionSeconds?: number;
  /** At most this much of a pod's own grace period, where a soft threshold ends it. Default 0. */
  readonly maxPodGracePeriodSeconds?: number;
}

export const defaultHard: Amounts = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
};
export const defaultPressureTransitionSeconds = 300;

export interface Threshold {
  readonly signal: Signal;
  readonly value: Amount;
  /** 0 for hard ones. */
  readonly graceMs: number;
  readonly minimumReclaim?: Amount;
}

type Amount = { readonly units: number } | { readonly share: number };

/** Throws Error for an amount that is no quantity, and for a soft threshold without grace period. */
export function thresholdsOf(settings: EvictionSettings): readonly Threshold[] {
  const { hard = defaultHard, soft = {}, softGracePeriodSeconds = {}, minimumReclaim = {} } = settings;
  const of = (amounts: Amounts, graceMs: (signal: Signal) => number): Threshold[] =>
    signals.flatMap((signal) => {
      const text = amounts[signal];
      if (text === undefined) return [];
      const reclaim = minimumReclaim[signal];
      const threshold = { signal, value: parseAmount(text), graceMs: graceMs(signal) };
      return [{ ...threshold, ...(reclaim !== undefined && { minimumReclaim: parseAmount(reclaim) }) }];
    });
  const grace = (signal: Signal): number => {
    const seconds = softGracePeriodSeconds[signal];
    if (seconds === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`);
    return seconds * 1000;
  };
  const found = [...of(hard, () => 0), ...of(soft, grace)];
  // What pods may use together is limited too, and is watched with the node's own threshold.
  const shared = found
    .filter(({ signal, graceMs }) => signal === 'memory.available' && graceMs === 0)
    .map((threshold): Threshold => ({ ...threshold, signal: 'allocatableMemory.available' }));
  return [...found, ...shared];
}

function parseAmount(text: string): Amount {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  return percent ? { share: Number(percent[1]) / 100 } : { units: parseQuantity(text).value() };
}

/** In the units of the signal. */
export function amountOf(amount: Amount, capacity: number): number {
  return 'units' in amount ? amount.units : Math.floor(capacity * amount.share);
}
