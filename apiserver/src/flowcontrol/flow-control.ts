import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { FlowSchemas, PriorityLevelConfigurations } from '@coracle/apimachinery/resources';
import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/apimachinery/types/flowcontrol-v1';
import type { RequestContext } from '../filters/filter.ts';
import type { FlowControl, Seat } from '../filters/priority.ts';
import type { Readers } from '../registry/readers.ts';
import { matchesSchema } from './match.ts';
import { PriorityLevel } from './priority-level.ts';

/** Requests that may be under way together: upstream's 400 reads and 200 writes. */
const seatsTotal = 600;

type Stored<T> = T & KubernetesObject;

/** API priority and fairness: flow schemas say which level a request is of, levels say how many run at once (KEP-1040). */
export class PriorityAndFairness implements FlowControl {
  readonly #schemas = new Map<string, Stored<FlowSchema>>();
  readonly #configurations = new Map<string, Stored<PriorityLevelConfiguration>>();
  readonly #levels = new Map<string, PriorityLevel>();
  /** In the order they are asked. */
  #ordered: readonly Stored<FlowSchema>[] = [];

  async start(readers: Readers, signal: AbortSignal): Promise<void> {
    await readers.follow<Stored<PriorityLevelConfiguration>>(
      PriorityLevelConfigurations,
      ({ type, object }) => {
        const name = object.metadata?.name ?? '';
        if (type === 'set') this.#configurations.set(name, object);
        else this.#configurations.delete(name);
        this.#share();
      },
      signal,
    );
    await readers.follow<Stored<FlowSchema>>(
      FlowSchemas,
      ({ type, object }) => {
        const name = object.metadata?.name ?? '';
        if (type === 'set') this.#schemas.set(name, object);
        else this.#schemas.delete(name);
        this.#ordered = [...this.#schemas.values()].sort(byPrecedence);
      },
      signal,
    );
  }

  acquire(context: RequestContext): Seat | undefined | Promise<Seat | undefined> {
    const schema = this.#ordered.find((candidate) => matchesSchema(candidate, context.user, context.info));
    const name = schema?.spec?.priorityLevelConfiguration?.name ?? '';
    const level = this.#levels.get(name);
    if (schema === undefined || level === undefined) return freeSeat;
    const seat: Seat = { headers: headersOf(schema, this.#configurations.get(name)), release: () => level.release() };
    const turn = level.take(flowOf(schema, context), context.signal);
    if (typeof turn === 'boolean') return turn ? seat : undefined;
    return turn.then((admitted) => (admitted ? seat : undefined));
  }

  /** Divides the seats by the levels' shares. */
  #share(): void {
    const all = [...this.#configurations.values()];
    const sum = all.reduce((total, level) => total + sharesOf(level), 0);
    for (const configuration of all) {
      const name = configuration.metadata?.name ?? '';
      const exempt = configuration.spec?.type === 'Exempt';
      const seats = exempt ? Number.POSITIVE_INFINITY : Math.ceil((seatsTotal * sharesOf(configuration)) / sum);
      const level = this.#levels.get(name) ?? new PriorityLevel();
      this.#levels.set(name, level);
      level.configure(configuration, seats);
    }
    for (const name of this.#levels.keys()) if (!this.#configurations.has(name)) this.#levels.delete(name);
  }
}

/** Before the first configuration is there, and where none matches, nobody is held up. */
const freeSeat: Seat = { release: () => {} };

function byPrecedence(a: Stored<FlowSchema>, b: Stored<FlowSchema>): number {
  const difference = (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0);
  return difference || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}

const defaultShares = 30;

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  if (spec?.type === 'Exempt') return spec.exempt?.nominalConcurrencyShares ?? 0;
  return spec?.limited?.nominalConcurrencyShares ?? defaultShares;
}

function flowOf({ metadata, spec }: Stored<FlowSchema>, { user, info }: RequestContext): string {
  const type = spec?.distinguisherMethod?.type;
  const distinguisher = type === 'ByUser' ? user.username : type === 'ByNamespace' ? info.namespace : '';
  return `${metadata?.name} ${distinguisher}`;
}

function headersOf(
  schema: Stored<FlowSchema>,
  level: Stored<PriorityLevelConfiguration> | undefined,
): Readonly<Record<string, string>> {
  return {
    'x-kubernetes-pf-flowschema-uid': schema.metadata?.uid ?? '',
    'x-kubernetes-pf-prioritylevel-uid': level?.metadata?.uid ?? '',
  };
}
