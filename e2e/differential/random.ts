/** A seeded source of choices: the same seed makes the same requests on every machine. */
export class Choices {
  #state: number;

  /** `seed` is any text: the run's seed with the number of the scenario. */
  constructor(seed: string) {
    this.#state = 2_166_136_261;
    for (const character of seed) this.#state = Math.imul(this.#state ^ character.charCodeAt(0), 16_777_619);
    for (let round = 0; round < 4; round++) this.fraction();
  }

  /** At least 0, less than 1 (splitmix32). */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  }

  /**
   * A function that makes the same choices whenever it is called: two objects of the same shape are changed in the same way,
   * each with its own uids and addresses.
   */
  replayed<In, Out>(make: (input: In, choices: Choices) => Out): (input: In) => Out {
    const seed = String(this.below(4_294_967_296));
    return (input) => make(input, new Choices(seed));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** An integer of at least 0 that is less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  of<T>(options: readonly T[]): T {
    if (options.length === 0) throw new Error('there is nothing to choose from');
    return options[this.below(options.length)] as T;
  }

  /** One of the options, each as likely as its weight says. */
  weighted<T>(options: readonly (readonly [weight: number, option: T])[]): T {
    let left = this.fraction() * options.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, option] of options) {
      left -= weight;
      if (left < 0) return option;
    }
    return this.of(options)[1];
  }
}
