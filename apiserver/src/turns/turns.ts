/**
 * Lets so many go on in one turn of the event loop, first come first served; between the turns sockets are read and answers
 * of the store's thread are taken. Callbacks, not promises: thousands may wait, and each would pay for one.
 */
export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  /** How many have gone on in this turn. */
  #begun = 0;
  #armed = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** Calls back now, or in one of the next turns where as many as may have gone on already. */
  soon(goOn: () => void): void {
    if (this.#begun === this.#max) {
      this.later(goOn);
      return;
    }
    this.#begun++;
    this.#arm();
    goOn();
  }

  /** Calls back in one of the next turns. */
  later(goOn: () => void): void {
    this.#waiting.push(goOn);
    this.#arm();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#armed = false;
    const now = this.#waiting.splice(0, this.#max);
    this.#begun = now.length;
    if (now.length > 0) this.#arm();
    for (const goOn of now) goOn();
  };
}
