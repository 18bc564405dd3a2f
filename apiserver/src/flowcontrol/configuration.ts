import type { Clock } from '@coracle/apimachinery/clock';
import type { RequestInfo } from '../filters/request-info.ts';
import type { UserInfo } from '../http/api-request.ts';
import { mandatoryLevels, mandatorySchemas } from './bootstrap.ts';
import { bySchemaOrder, Flow, type SchemaObject } from './flow.ts';
import { Level, type LevelObject, nameOf, type ObserverOf, queuingOf, sharesOf } from './level.ts';
import { lendSeats, seatLimits, targetOf } from './seat-limits.ts';

export interface ConfigurationOptions {
  readonly clock: Clock;
  /** Seats of the whole server. */
  readonly serverSeats: number;
  readonly observerOf: ObserverOf;
  /** Called when a level that is not wanted any more has become idle: it goes with the next `digest`. */
  readonly onIdle: () => void;
}

const catchAll = 'catch-all';

/**
 * The flows and levels at work, made from the objects that configure them. The mandatory ones are always there, whether
 * or not their objects are; a level whose object is gone stays until nothing is left in it.
 * Source: KEP-1040, pkg/util/flowcontrol apf_controller.go (digestConfigObjects).
 */
export class Configuration {
  readonly #options: ConfigurationOptions;
  #levels = new Map<string, Level>();
  /** In the order they are asked. */
  #flows: readonly Flow[] = [];
  /** Levels that schemas may name: their objects are there and sound. */
  #usable: ReadonlySet<string> = new Set();
  #fairFraction = 0;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.digest([], []);
  }

  get levels(): Iterable<Level> {
    return this.#levels.values();
  }

  get flows(): readonly Flow[] {
    return this.#flows;
  }

  /** Of its target that each level got at the last adjustment. */
  get fairFraction(): number {
    return this.#fairFraction;
  }

  /** Whether a schema names a level that is not there. */
  isDangling({ spec }: SchemaObject): boolean {
    return !this.#usable.has(spec.priorityLevelConfiguration?.name ?? '');
  }

  /** The first flow that the request is of. Nobody is of none: the last resort is `catch-all`. */
  flowOf(user: UserInfo, info: RequestInfo): Flow {
    let lastResort: Flow | undefined;
    for (const flow of this.#flows) {
      if (flow.matches(user, info)) return flow;
      if (flow.name === catchAll) lastResort = flow;
    }
    return lastResort ?? (this.#flows.at(-1) as Flow);
  }

  /** Takes in all objects as they are now. */
  digest(levelObjects: readonly LevelObject[], schemaObjects: readonly SchemaObject[]): void {
    const levels = new Map<string, Level>();
    for (const object of levelObjects) {
      const queuing = queuingOf(object);
      if (queuing !== undefined) levels.set(nameOf(object), this.#levelOf(object, queuing));
    }
    this.#usable = new Set(levels.keys());
    const usable = schemaObjects.filter((object) => !this.isDangling(object)).sort(bySchemaOrder);
    this.#keepBusy(levels);
    for (const object of mandatoryLevels()) {
      const queuing = queuingOf(object);
      if (queuing !== undefined && !levels.has(nameOf(object)))
        levels.set(nameOf(object), this.#levelOf(object, queuing));
    }
    this.#levels = levels;
    this.#flows = withMandatory(usable).map((object) => {
      return new Flow(object, levels.get(object.spec.priorityLevelConfiguration.name) as Level);
    });
    this.#forgetFlows();
    this.#shareSeats();
    this.adjust();
  }

  /** Lends seats anew, by what was wanted since the last time. */
  adjust(): void {
    const now = this.#options.clock.monotonic();
    const levels = [...this.#levels.values()];
    for (const { queueSet } of levels) queueSet.demand.endPeriod(now);
    const borrowers = levels.map(({ borrower }) => borrower);
    const { seats, fairFraction } = lendSeats(borrowers);
    this.#fairFraction = fairFraction;
    for (const [index, level] of levels.entries()) {
      const borrower = borrowers[index];
      level.target = borrower === undefined || level.exempt ? 0 : targetOf(borrower);
      level.queueSet.configure(level.queuing, seats[index] ?? level.queueSet.limit);
    }
  }

  #levelOf(object: LevelObject, queuing: Level['queuing']): Level {
    const { clock, observerOf, onIdle } = this.#options;
    const level = this.#levels.get(nameOf(object)) ?? new Level(object, queuing, clock, observerOf, onIdle);
    level.object = object;
    level.queuing = queuing;
    level.quiescing = false;
    return level;
  }

  /** Levels that are not wanted any more but have something in them keep their shares until they are empty. */
  #keepBusy(levels: Map<string, Level>): void {
    const mandatory = new Set(mandatoryLevels().map(nameOf));
    for (const [name, level] of this.#levels) {
      if (levels.has(name) || mandatory.has(name) || level.queueSet.isIdle) continue;
      level.quiescing = true;
      levels.set(name, level);
    }
  }

  #forgetFlows(): void {
    for (const level of this.#levels.values()) {
      level.keepCountsOf(new Set(this.#flows.filter((flow) => flow.level === level).map(({ name }) => name)));
    }
  }

  #shareSeats(): void {
    const { serverSeats } = this.#options;
    const shares = [...this.#levels.values()].map((level) => [level, sharesOf(level.object)] as const);
    const total = shares.reduce((sum, [, each]) => sum + each.shares, 0);
    for (const [level, each] of shares) level.limits = seatLimits(each, total, serverSeats);
  }
}

/** `exempt` is asked first and `catch-all` last where their objects are missing. */
function withMandatory(objects: readonly SchemaObject[]): readonly SchemaObject[] {
  const missing = mandatorySchemas().filter((object) => !objects.some((other) => nameOf(other) === nameOf(object)));
  const first = missing.filter((object) => nameOf(object) !== catchAll);
  const last = missing.filter((object) => nameOf(object) === catchAll);
  return [...first, ...objects, ...last];
}
