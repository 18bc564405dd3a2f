import { createHash } from 'node:crypto';
import type { Json } from './schema-objects.ts';

/**
 * Parameters that many operations have, printed once and referred to. Those that a client looks for in an operation itself
 * stay there: kubectl of old found out from `dryRun` and `fieldValidation` what a server can do (kube-openapi `builder`).
 */
export class SharedParameters {
  readonly #names = new Map<string, string>();
  readonly #parameters = new Map<string, Json>();

  /** What stands in place of the parameter. */
  reference(parameter: Json): Json {
    if (!isShared(parameter)) return parameter;
    const text = JSON.stringify(parameter);
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `${String(parameter['name'])}-${createHash('sha256').update(text).digest('base64url').slice(0, 8)}`;
      this.#names.set(text, name);
      this.#parameters.set(name, parameter);
    }
    return { $ref: `#/parameters/${name}` };
  }

  /** The section of the document. */
  all(): Json {
    return Object.fromEntries([...this.#parameters].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function isShared({ name, in: place, schema }: Json): boolean {
  if (name === 'name' || (place === 'query' && (name === 'fieldValidation' || name === 'dryRun'))) return false;
  if (place !== 'body') return true;
  return String((schema as Json)['$ref']).startsWith('#/definitions/io.k8s.apimachinery');
}
