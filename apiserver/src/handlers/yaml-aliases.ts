import { DecodeError } from '@coracle/apimachinery/structural';

/** How much of a document may come from aliases, by the number of its nodes (go.yaml.in/yaml, decode.go). */
const small = { nodes: 400_000, share: 0.99 };
const large = { nodes: 4_000_000, share: 0.1 };
/** Below these nobody looks at the share. */
const aliasedMin = 100;
const nodesMin = 1000;

/**
 * Throws DecodeError where a parsed document is small only as long as its aliases are not written out, or names itself:
 * whoever walks it would never be done.
 */
export function checkAliases(document: unknown): void {
  new AliasCount().visit(document, false);
}

class AliasCount {
  readonly #seen = new Set<object>();
  readonly #within = new Set<object>();
  #nodes = 0;
  #aliased = 0;

  visit(value: unknown, isAliased: boolean): void {
    this.#count(isAliased);
    if (typeof value !== 'object' || value === null) return;
    if (this.#within.has(value)) throw problem('anchor value contains itself');
    const isAgain = isAliased || this.#seen.has(value);
    this.#seen.add(value);
    this.#within.add(value);
    for (const child of Object.values(value)) {
      if (!Array.isArray(value)) this.#count(isAgain);
      this.visit(child, isAgain);
    }
    this.#within.delete(value);
  }

  #count(isAliased: boolean): void {
    this.#nodes++;
    if (isAliased) this.#aliased++;
    if (this.#aliased <= aliasedMin || this.#nodes <= nodesMin) return;
    if (this.#aliased / this.#nodes > allowedShare(this.#nodes)) throw problem('document contains excessive aliasing');
  }
}

function allowedShare(nodes: number): number {
  const along = Math.min(1, Math.max(0, (nodes - small.nodes) / (large.nodes - small.nodes)));
  return small.share + along * (large.share - small.share);
}

function problem(text: string): DecodeError {
  return new DecodeError(`error converting YAML to JSON: yaml: ${text}`);
}
