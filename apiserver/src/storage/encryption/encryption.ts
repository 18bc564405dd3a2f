import type { Environment } from '@coracle/apimachinery/component';
import type { GroupResource, ResourceRow } from '@coracle/apimachinery/schema';
import { followFile, parseConfig, readText } from '../../configfile/index.ts';
import { type EncryptionConfiguration, encryptionConfigKind, parseGroupResource } from './configuration.ts';
import type { Storage } from '../storage.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import { createTransformer, type ValueTransformer } from './transformer.ts';

/** What all keys begin with. */
const root = '/registry/';

export interface EncryptionOptions {
  /** EncryptionConfiguration. */
  readonly path: string;
  /** Read it again when it changes. */
  readonly reload: boolean;
}

/** How the values of each resource are sealed now. */
export class Encryption {
  readonly #resourceOf: (prefix: string) => GroupResource | undefined;
  #rules = new Map<string, ValueTransformer>();
  /** Answers of `transformerOf`, by the first one or two segments of a key. */
  #byPrefix = new Map<string, ValueTransformer | undefined>();

  /** `resourceOf` says what is stored below a prefix such as `secrets` or `services/specs`. */
  constructor(resourceOf: (prefix: string) => GroupResource | undefined) {
    this.#resourceOf = resourceOf;
  }

  async apply({ resources = [] }: EncryptionConfiguration): Promise<void> {
    const rules = new Map<string, ValueTransformer>();
    for (const { resources: names = [], providers = [] } of resources) {
      const transformer = await createTransformer(providers);
      for (const name of names) {
        const { group, resource } = parseGroupResource(name);
        // An earlier rule masks a later one.
        const masked = [`${resource}.${group}`, `*.${group}`, '*.*'].some((rule) => rules.has(rule));
        if (!masked) rules.set(`${resource}.${group}`, transformer);
      }
    }
    this.#rules = rules;
    this.#byPrefix = new Map();
  }

  /** Undefined: the values of this key are kept as they are. */
  transformerOf(key: string): ValueTransformer | undefined {
    const first = key.indexOf('/', root.length);
    if (first < 0) return undefined;
    const second = key.indexOf('/', first + 1);
    const one = key.slice(root.length, first);
    if (this.#byPrefix.has(one)) return this.#byPrefix.get(one);
    const two = second < 0 ? one : key.slice(root.length, second);
    if (this.#byPrefix.has(two)) return this.#byPrefix.get(two);
    const alone = this.#resourceOf(one);
    const resource = alone ?? this.#resourceOf(two);
    const transformer = resource && this.#ruleFor(resource);
    this.#byPrefix.set(alone === undefined ? two : one, transformer);
    return transformer;
  }

  #ruleFor({ group, resource }: GroupResource): ValueTransformer | undefined {
    return this.#rules.get(`${resource}.${group}`) ?? this.#rules.get(`*.${group}`) ?? this.#rules.get('*.*');
  }
}

/**
 * A storage that keeps its values as the file says, and as it says later where `reload` is on. `rows` are the built-in
 * resources; what is below `<group>/` is custom. Throws a StatusError that names the file and the field.
 */
export async function encryptStorage(
  storage: Storage,
  { path, reload }: EncryptionOptions,
  { rows, environment, signal }: EncryptionDependencies,
): Promise<Storage> {
  const encryption = new Encryption(resourceBelow(rows));
  const content = await readText(path);
  const apply = (text: string) => encryption.apply(parseConfig(path, text, encryptionConfigKind));
  await apply(content);
  if (reload) followFile(environment, { path, content, apply, signal });
  return new EncryptedStorage(storage, encryption, environment.log);
}

export interface EncryptionDependencies {
  readonly rows: Iterable<ResourceRow>;
  readonly environment: Pick<Environment, 'clock' | 'log'>;
  readonly signal: AbortSignal;
}

function resourceBelow(rows: Iterable<ResourceRow>): (prefix: string) => GroupResource | undefined {
  const builtin = new Map<string, GroupResource>();
  for (const { group, resource, storageGroup = group, storagePrefix } of rows) {
    builtin.set(storagePrefix, { group: storageGroup, resource });
  }
  return (prefix) => builtin.get(prefix) ?? customResource(prefix);
}

function customResource(prefix: string): GroupResource | undefined {
  const [group = '', resource] = prefix.split('/');
  return resource !== undefined && group.includes('.') ? { group, resource } : undefined;
}
