const nothing: ReadonlyMap<string, number> = new Map();

/** Numbers by topology value: shared ones, and the changes that are made to them for the sake of argument. */
export class DomainCounts {
  readonly #base: ReadonlyMap<string, number>;
  readonly #changes: Map<string, number> | undefined;

  constructor(base: ReadonlyMap<string, number> = nothing, changes?: ReadonlyMap<string, number>) {
    this.#base = base;
    this.#changes = changes && new Map(changes);
  }

  get(value: string | undefined): number {
    if (value === undefined) return 0;
    const count = this.#base.get(value) ?? 0;
    return this.#changes ? count + (this.#changes.get(value) ?? 0) : count;
  }

  get isEmpty(): boolean {
    if (!this.#changes) return this.#base.size === 0;
    const isZero = (value: string) => this.get(value) === 0;
    return [...this.#base.keys()].every(isZero) && [...this.#changes.keys()].every(isZero);
  }

  /** A copy that may be changed. */
  fork(): DomainCounts {
    return new DomainCounts(this.#base, this.#changes ?? nothing);
  }

  change(value: string | undefined, amount: number): void {
    if (value === undefined) return;
    if (!this.#changes) throw new Error('shared counts are changed in a fork only');
    this.#changes.set(value, (this.#changes.get(value) ?? 0) + amount);
  }
}
