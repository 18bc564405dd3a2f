import type { Environment } from '@coracle/apimachinery/component';
import { Nodes } from '@coracle/apimachinery/resources';
import type { Client } from '@coracle/client/rest';
import { parseScrape, type Rate, rateOf, type Scrape } from './scrape.ts';

/** metrics-server's `--metric-resolution`. */
const resolutionMs = 15_000;
/** A look older than this says nothing of what is used now. */
const lookMaxAgeMs = 4 * resolutionMs;
/** Between the two looks of somebody who asks first; runtimes renew their figures about once a second. */
const firstWindowMs = 1500;

type Looks = ReadonlyMap<string, Scrape>;

/**
 * The last two looks at all nodes. Nodes are looked at when somebody asks and what is known is old, not all the time: a
 * cluster that nobody asks does nothing.
 */
export class UsageHistory {
  readonly #client: Client;
  readonly #environment: Environment;
  #before: Looks = new Map();
  #now: Looks = new Map();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(client: Client, environment: Environment) {
    this.#client = client;
    this.#environment = environment;
  }

  /** Makes what `node` and `containers` say recent. Callers at the same time share one look. */
  refresh(): Promise<void> {
    this.#looking ??= this.#refresh().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  node(name: string): Rate | undefined {
    return rateOf(this.#before.get(name)?.node, this.#now.get(name)?.node);
  }

  /** Rates of a pod's containers by name; undefined where one of them has none. */
  containers(node: string, pod: string): ReadonlyMap<string, Rate> | undefined {
    const now = this.#now.get(node)?.pods.get(pod);
    const before = this.#before.get(node)?.pods.get(pod);
    const rates = new Map<string, Rate>();
    for (const [container, usage] of now ?? []) {
      const rate = rateOf(before?.get(container), usage);
      if (rate === undefined) return undefined;
      rates.set(container, rate);
    }
    return rates.size === 0 ? undefined : rates;
  }

  async #refresh(): Promise<void> {
    const { clock } = this.#environment;
    const age = clock.monotonic() - this.#lookedMs;
    if (age < resolutionMs) return;
    if (age > lookMaxAgeMs) {
      this.#now = await this.#look();
      await clock.sleep(firstWindowMs);
    }
    const before = this.#now;
    this.#now = await this.#look();
    this.#before = before;
    this.#lookedMs = clock.monotonic();
  }

  async #look(): Promise<Looks> {
    const { items } = await this.#client.list(Nodes);
    const looks = await Promise.all(items.map(({ metadata }) => this.#lookAt(metadata?.name ?? '')));
    return new Map(looks.flat());
  }

  async #lookAt(node: string): Promise<[string, Scrape][]> {
    try {
      const text = await this.#client.raw('GET', `/api/v1/nodes/${node}/proxy/metrics/resource`);
      return [[node, parseScrape(String(text))]];
    } catch (error) {
      this.#environment.log.info('no metrics of a node', { node, error: String(error) });
      return [];
    }
  }
}
