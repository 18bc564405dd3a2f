import { endOfString } from '../json/index.ts';

/**
 * Fields that occur twice in one JSON object. `JSON.parse` keeps the last one silently, so the text is looked at again,
 * but only where it holds more keys than the parsed value.
 */
export function duplicateFields(text: string, value: unknown): readonly string[] {
  return countColons(text) === countKeys(value) ? [] : new DuplicateScanner(text).scan();
}

const quote = 34;
const colon = 58;

/** Colons outside strings: one a key. */
function countColons(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === colon) count++;
    else if (code === quote) index = endOfString(text, index);
  }
  return count;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item);
    return count;
  }
  for (const name in value) {
    const item = (value as Record<string, unknown>)[name];
    count += typeof item === 'object' ? 1 + countKeys(item) : 1;
  }
  return count;
}

/** Walks a text that is known to be valid JSON. */
class DuplicateScanner {
  readonly #text: string;
  readonly #found = new Set<string>();
  #index = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): readonly string[] {
    this.#value('');
    return [...this.#found];
  }

  #value(path: string): void {
    const character = this.#next();
    if (character === '{') this.#object(path);
    else if (character === '[') this.#list(path);
    else if (character === '"') this.#string();
    else this.#index += /^[^,\]}\s]*/.exec(this.#text.slice(this.#index, this.#index + 64))?.[0].length ?? 1;
  }

  #object(path: string): void {
    const seen = new Set<string>();
    this.#index++;
    while (this.#next() !== '}') {
      const name: string = JSON.parse(this.#string());
      const field = path === '' ? name : `${path}.${name}`;
      if (seen.has(name)) this.#found.add(field);
      seen.add(name);
      this.#next();
      this.#index++;
      this.#value(field);
      if (this.#next() === ',') this.#index++;
    }
    this.#index++;
  }

  #list(path: string): void {
    this.#index++;
    for (let position = 0; this.#next() !== ']'; position++) {
      this.#value(`${path}[${position}]`);
      if (this.#next() === ',') this.#index++;
    }
    this.#index++;
  }

  #string(): string {
    const start = this.#index;
    this.#index = endOfString(this.#text, start) + 1;
    return this.#text.slice(start, this.#index);
  }

  /** Skips white space; the character that follows. */
  #next(): string {
    while (/\s/.test(this.#text[this.#index] ?? 'x')) this.#index++;
    return this.#text[this.#index] ?? '';
  }
}
