/** A binary heap whose members can be found and taken out by key. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #keyOf: (item: T) => string;
  readonly #isBefore: (one: T, other: T) => boolean;

  constructor(keyOf: (item: T) => string, isBefore: (one: T, other: T) => boolean) {
    this.#keyOf = keyOf;
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items[place];
  }

  /** Puts the item in, in place of the one with its key. */
  put(item: T): void {
    const key = this.#keyOf(item);
    this.delete(key);
    this.#items.push(item);
    this.#places.set(key, this.#items.length - 1);
    this.#rise(this.#items.length - 1);
  }

  take(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(this.#keyOf(first));
    return first;
  }

  delete(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#places.delete(key);
    const last = this.#items.pop() as T;
    if (place < this.#items.length) {
      this.#set(place, last);
      this.#rise(place);
      this.#sink(place);
    }
    return true;
  }

  #set(place: number, item: T): void {
    this.#items[place] = item;
    this.#places.set(this.#keyOf(item), place);
  }

  #rise(start: number): void {
    let place = start;
    const item = this.#items[place] as T;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above] as T;
      if (!this.#isBefore(item, parent)) break;
      this.#set(place, parent);
      place = above;
    }
    this.#set(place, item);
  }

  #sink(start: number): void {
    let place = start;
    const item = this.#items[place] as T;
    for (;;) {
      let below = 2 * place + 1;
      const left = this.#items[below];
      if (left === undefined) break;
      const right = this.#items[below + 1];
      if (right !== undefined && this.#isBefore(right, left)) below++;
      const child = this.#items[below] as T;
      if (!this.#isBefore(child, item)) break;
      this.#set(place, child);
      place = below;
    }
    this.#set(place, item);
  }
}
