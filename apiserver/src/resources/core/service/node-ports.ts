import type { Random } from '@coracle/apimachinery/clock';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { WriteContext } from '../../shared/registry.ts';
import { nodePortsOf, specOf } from './predicates.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Node ports that requests of this server hold between choosing them and their Service being in the cache. */
export class NodePorts {
  readonly #range: PortRange;
  readonly #held = new Set<number>();

  constructor(range: PortRange) {
    this.#range = range;
  }

  /** Begins the allocations of one request; `finish` must follow. */
  async begin(context: WriteContext): Promise<NodePortRequest> {
    const services = await context.readers.list<Service>({ group: '', resource: 'services' }, undefined, {
      type: 'newest',
    });
    const used = new Set<number>();
    for (const service of services) {
      const spec = specOf(service);
      for (const port of nodePortsOf(spec)) used.add(port);
      if (spec.healthCheckNodePort) used.add(spec.healthCheckNodePort);
    }
    return new NodePortRequest(this.#range, this.#held, used, context.environment.random);
  }
}

export class NodePortRequest {
  readonly #range: PortRange;
  readonly #held: Set<number>;
  readonly #used: ReadonlySet<number>;
  readonly #random: Random;
  readonly #own: number[] = [];

  constructor(range: PortRange, held: Set<number>, used: ReadonlySet<number>, random: Random) {
    this.#range = range;
    this.#held = held;
    this.#used = used;
    this.#random = random;
  }

  /** Takes this very port. Throws an Error with upstream's text where it cannot be had. */
  take(port: number): void {
    const { first, last } = this.#range;
    if (port < first || port > last) {
      throw new Error(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
    }
    if (!this.#isFree(port)) throw new Error('provided port is already allocated');
    this.#hold(port);
  }

  /** Takes a free port, outside the band that is kept for ports people choose while there is one (KEP-3668). */
  takeNext(): number {
    const { first, last } = this.#range;
    const band = reservedBand(last - first + 1);
    const port = this.#find(first + band, last) ?? this.#find(first, first + band - 1);
    if (port === undefined) throw new Error('range is full');
    this.#hold(port);
    return port;
  }

  finish(): void {
    for (const port of this.#own.splice(0)) this.#held.delete(port);
  }

  #find(first: number, last: number): number | undefined {
    const count = last - first + 1;
    if (count <= 0) return undefined;
    const start = Math.floor(this.#random.next() * count);
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count);
      if (this.#isFree(port)) return port;
    }
    return undefined;
  }

  #isFree(port: number): boolean {
    return !this.#used.has(port) && !this.#held.has(port);
  }

  #hold(port: number): void {
    this.#held.add(port);
    this.#own.push(port);
  }
}

function reservedBand(size: number): number {
  if (size <= 16) return 0;
  return Math.min(Math.max(16, Math.floor(size / 32)), 128);
}
