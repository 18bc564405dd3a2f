/** Those who want to hear that something has changed. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  /** The result takes the listener away again. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
