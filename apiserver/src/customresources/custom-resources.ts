import type { Environment } from '@coracle/apimachinery/component';
import { deepEqual } from '@coracle/apimachinery/json';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { timestamp } from '../registry/metadata.ts';
import type { Readers, Writers } from '../registry/readers.ts';
import type { ResourceTable } from '../registry/served-resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import { acceptNames, conditionOf, isEstablished, withCondition } from './definition-names.ts';
import { cleanupFinalizer, definitions, definitionStrategy } from './definition-strategy.ts';
import { type ServeDefinitionDependencies, serveDefinition, storagePrefixOf } from './serve-definition.ts';

export interface CustomResourcesDependencies extends ServeDefinitionDependencies {
  readonly resources: ResourceTable;
  readonly environment: Environment;
}

/** Custom resource definitions, and the resources they define: in the table while they are established. */
export class CustomResources {
  readonly strategy: Strategy<CustomResourceDefinition>;
  readonly #dependencies: CustomResourcesDependencies;
  /** What is in the table, by definition name. */
  readonly #served = new Map<string, CustomResourceDefinition>();
  readonly #cleaning = new Set<string>();

  constructor(dependencies: CustomResourcesDependencies) {
    this.#dependencies = dependencies;
    this.strategy = definitionStrategy({ changed: (definition) => this.#serve(definition) });
  }

  /** The definitions that are served now, for OpenAPI. */
  served(): Iterable<CustomResourceDefinition> {
    return this.#served.values();
  }

  /** Serves what the store holds and follows every change, also of other servers. Resolves once the present state is served. */
  async start(readers: Readers, writers: Writers, signal: AbortSignal): Promise<void> {
    await readers.follow<CustomResourceDefinition>(
      definitions,
      ({ type, object }) => {
        if (type === 'removed') {
          this.#withdraw(object);
          this.#inBackground('freeing names', this.#reconsiderNames(object, readers, writers));
          return;
        }
        this.#serve(object);
        if (
          object.metadata?.finalizers?.includes(cleanupFinalizer) &&
          object.metadata.deletionTimestamp !== undefined
        ) {
          this.#inBackground('removing objects', this.#cleanUp(object, readers, writers));
        }
      },
      signal,
    );
  }

  #serve(definition: CustomResourceDefinition): void {
    const name = definition.metadata?.name ?? '';
    const present = this.#served.get(name);
    if (present !== undefined && !isNewer(definition, present)) return;
    if (!isEstablished(definition)) return;
    const { resources, stores } = this.#dependencies;
    // What the cache holds was read by the old rules: it is read again, and watchers come again.
    if (present !== undefined && !deepEqual(present.spec, definition.spec)) stores.remove(storagePrefixOf(definition));
    const served = serveDefinition(this.#dependencies, definition);
    const versions = new Set(served.map((resource) => resource.row.version));
    for (const version of present?.spec.versions ?? []) {
      if (!versions.has(version.name)) resources.remove(groupResource(definition), version.name);
    }
    resources.add(served);
    this.#served.set(name, definition);
  }

  #withdraw(definition: CustomResourceDefinition): void {
    if (!this.#served.delete(definition.metadata?.name ?? '')) return;
    this.#dependencies.resources.remove(groupResource(definition));
    this.#dependencies.stores.remove(storagePrefixOf(definition));
  }

  /** Deletes the objects of a definition that is going, then lets it go (apiextensions `crd_finalizer.go`). */
  async #cleanUp(definition: CustomResourceDefinition, readers: Readers, writers: Writers): Promise<void> {
    const name = definition.metadata?.name ?? '';
    if (this.#cleaning.has(name)) return;
    this.#cleaning.add(name);
    try {
      const resource = groupResource(definition);
      for (;;) {
        const left = await readers.list(resource, undefined, { type: 'newest' });
        if (left.length === 0) break;
        const open = left.filter((object) => object.metadata?.deletionTimestamp === undefined);
        await Promise.all(
          open.map(({ metadata }) =>
            writers.delete(
              resource,
              { ...(metadata?.namespace ? { namespace: metadata.namespace } : {}), name: metadata?.name ?? '' },
              {},
            ),
          ),
        );
        if (open.length < left.length) await this.#nextRemoval(resource, readers);
      }
      await this.#finish(name, writers);
    } finally {
      this.#cleaning.delete(name);
    }
  }

  /** Objects with finalizers of their own go when somebody takes those off. */
  async #nextRemoval(resource: ReturnType<typeof groupResource>, readers: Readers): Promise<void> {
    const done = new AbortController();
    await new Promise<void>((resolve, reject) => {
      readers
        .follow(resource, (change) => (change.type === 'removed' ? resolve() : undefined), done.signal)
        .catch(reject);
    });
    done.abort();
  }

  async #finish(name: string, writers: Writers): Promise<void> {
    const time = timestamp(this.#dependencies.environment.clock.now());
    await writers.update<CustomResourceDefinition>(definitions, { name }, (copy) => {
      const finalizers = copy.metadata?.finalizers?.filter((finalizer) => finalizer !== cleanupFinalizer) ?? [];
      copy.metadata = { ...copy.metadata, finalizers };
      const conditions = withCondition(copy.status?.conditions ?? [], {
        type: 'Terminating',
        status: 'False',
        lastTransitionTime: time,
        reason: 'InstanceDeletionCompleted',
        message: 'removed all instances',
      });
      copy.status = { ...copy.status, conditions };
      return copy;
    });
    await writers.delete(definitions, { name }, {});
  }

  /** Names that a removed definition had may now go to those that wanted them. */
  async #reconsiderNames(removed: CustomResourceDefinition, readers: Readers, writers: Writers): Promise<void> {
    const others = await readers.list<CustomResourceDefinition>(definitions);
    const waiting = others.filter(
      (other) => other.spec.group === removed.spec.group && conditionOf(other, 'NamesAccepted')?.status === 'False',
    );
    for (const definition of waiting) {
      await writers.update<CustomResourceDefinition>(
        definitions,
        { name: definition.metadata?.name ?? '' },
        async (copy) => {
          const time = timestamp(this.#dependencies.environment.clock.now());
          copy.status = acceptNames(copy, await readers.list<CustomResourceDefinition>(definitions), time);
          return copy;
        },
      );
    }
  }

  #inBackground(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#dependencies.environment.log.error('work on a custom resource definition failed', { what, error });
    });
  }
}

function groupResource({ spec }: CustomResourceDefinition) {
  return { group: spec.group, resource: spec.names.plural };
}

function isNewer(definition: CustomResourceDefinition, present: CustomResourceDefinition): boolean {
  if (definition.metadata?.uid !== present.metadata?.uid) return true;
  return Number(definition.metadata?.resourceVersion) > Number(present.metadata?.resourceVersion);
}
