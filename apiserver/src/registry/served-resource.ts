import type { Status } from '@coracle/apimachinery/errors';
import type { KubernetesObject, ObjectMeta } from '@coracle/apimachinery/meta';
import type {
  GroupResource,
  GroupVersionKind,
  GroupVersionResource,
  ObjectSchema,
  ResourceRow,
} from '@coracle/apimachinery/schema';
import type { ResourceStore } from '../storage/object-store/object-store.ts';
import type { Strategy } from './strategy.ts';

/**
 * A resource at one served version, with everything a verb needs: what the Scheme says of it, what its kind adds, and where
 * its objects are. Built-in and custom resources are the same to everybody who has one of these.
 */
export interface ServedResource {
  readonly row: ResourceRow;
  readonly groupResource: GroupResource;
  readonly kind: GroupVersionKind;
  readonly strategy: Strategy;
  /** Of the served version: what bodies are decoded against. */
  readonly schema: ObjectSchema;
  /** Of another served version of the resource; undefined where that one is not served. */
  schemaOf(version: string): ObjectSchema | undefined;
  readonly store: ResourceStore;
  /** True where the served version is the stored one, so that stored bytes can be answered as they are. */
  readonly isStorageVersion: boolean;
  /** `v1`, `apps/v1`: the version objects are stored in. */
  readonly storageApiVersion: string;
  /** `v1`, `apps/v1`: the served version. */
  readonly apiVersion: string;
  /** Messages of the served version, without an envelope; undefined for custom resources. */
  readonly protobuf: ProtobufCodec | undefined;
  /** The protobuf message of a PartialObjectMetadata. */
  readonly encodeMetadata: (object: KubernetesObject) => Uint8Array;
  /** A Status with its envelope, for the errors of a watch. */
  readonly encodeStatus: (status: Status) => Uint8Array;
  /** Whether PATCH takes strategic merge patches: built-in kinds only. */
  readonly strategicMerge: boolean;
  /** From the served version to the stored one. May change and return the object given, which must be private. */
  toStorage(object: KubernetesObject): KubernetesObject | Promise<KubernetesObject>;
  /** From the stored version to the served one (or another served version of the resource); leaves the object alone. */
  fromStorage(object: KubernetesObject, version?: string): KubernetesObject;
  /**
   * Where somebody else converts (a webhook): asks for these objects in the served version, so that `fromStorage` can
   * answer for them. Absent for everybody who needs no help.
   */
  prepare?(objects: readonly KubernetesObject[]): Promise<void>;
  /** Between served versions, as far as this server can do it by itself; for comparing who owns what. */
  convert(object: KubernetesObject, version: string): KubernetesObject;
  /** Defaults of the schema, then those of the strategy, in place; `object` is in the served version. */
  setDefaults(object: KubernetesObject): void;
  /** The same for an object in storage version. */
  setStorageDefaults(object: KubernetesObject): void;
  /** An object in the served version as Go decodes it: with its zero values, without nulls. May change and return it. */
  withServedZeros(object: KubernetesObject): KubernetesObject;
  /** An object in storage version in its one written form (zero values as Go writes them). May change and return it. */
  normalize(object: KubernetesObject): KubernetesObject;
  /** As `normalize`, and as it comes back from the store. */
  storedForm(object: KubernetesObject): KubernetesObject;
  /** The same without nulls: the form in which it is judged. */
  withZeros(object: KubernetesObject): KubernetesObject;
  /** `Warning` texts of every request to a deprecated version. */
  readonly deprecationWarning?: string;
}

export interface ProtobufCodec {
  readonly encode: (object: KubernetesObject) => Uint8Array;
  readonly decode: (message: Uint8Array) => KubernetesObject;
}

/** An object in storage version as the served version shows it; shared with it or with its conversion. */
export async function servedForm(resource: ServedResource, object: KubernetesObject): Promise<KubernetesObject> {
  if (resource.prepare !== undefined) await resource.prepare([object]);
  return resource.fromStorage(object);
}

/** The metadata of an object where it is answered alone. */
export function metadataAlone({ strategy }: ServedResource, { metadata }: KubernetesObject): ObjectMeta | undefined {
  if (strategy.annotationsOfFields === undefined || metadata?.annotations === undefined) return metadata;
  const { annotations, ...rest } = metadata;
  const hidden = new Set(strategy.annotationsOfFields);
  const shown = Object.entries(annotations).filter(([name]) => !hidden.has(name));
  return shown.length === 0 ? rest : { ...metadata, annotations: Object.fromEntries(shown) };
}

export function resourceOf(resource: ServedResource): GroupVersionResource {
  const { group, version } = resource.row;
  return { group, version, resource: resource.row.resource };
}

/** All resources the server serves right now. */
export interface ResourceTable {
  /** One version of a resource; undefined where it is not served. */
  find(group: string, version: string, resource: string): ServedResource | undefined;
  /** Any version of a resource, its storage version first. */
  ofGroupResource(resource: GroupResource): ServedResource | undefined;
  /** By kind, for bodies and owner references. */
  ofKind(kind: GroupVersionKind): ServedResource | undefined;
  all(): Iterable<ServedResource>;
  /** Puts resources in, replacing those of the same group, version and name. */
  add(resources: readonly ServedResource[]): void;
  remove(resource: GroupResource, version?: string): void;
  /** Grows with every change, so that what is made from the table can be kept until then. */
  readonly generation: number;
  /** Called after every change. */
  onChange(listener: () => void): void;
}

class ServedResources implements ResourceTable {
  readonly #byVersion = new Map<string, ServedResource>();
  readonly #byResource = new Map<string, ServedResource[]>();
  readonly #byKind = new Map<string, ServedResource>();
  readonly #listeners: (() => void)[] = [];
  #generation = 0;

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #changed(): void {
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }

  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, resource: string): ServedResource | undefined {
    return this.#byVersion.get(`${group}/${version}/${resource}`);
  }

  ofGroupResource({ group, resource }: GroupResource): ServedResource | undefined {
    const versions = this.#byResource.get(`${group}/${resource}`);
    return versions?.find((served) => served.isStorageVersion) ?? versions?.[0];
  }

  ofKind({ group, version, kind }: GroupVersionKind): ServedResource | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  all(): Iterable<ServedResource> {
    return this.#byVersion.values();
  }

  add(resources: readonly ServedResource[]): void {
    for (const served of resources) {
      const { group, version, resource } = served.row;
      this.#byVersion.set(`${group}/${version}/${resource}`, served);
      const key = `${group}/${resource}`;
      const others = (this.#byResource.get(key) ?? []).filter((other) => other.row.version !== version);
      this.#byResource.set(key, [...others, served]);
      this.#byKind.set(`${group}/${version}/${served.row.kind}`, served);
    }
    this.#changed();
  }

  remove({ group, resource }: GroupResource, version?: string): void {
    const key = `${group}/${resource}`;
    for (const served of this.#byResource.get(key) ?? []) {
      if (version !== undefined && served.row.version !== version) continue;
      this.#byVersion.delete(`${group}/${served.row.version}/${resource}`);
      this.#byKind.delete(`${group}/${served.row.version}/${served.row.kind}`);
    }
    const left =
      version === undefined ? [] : (this.#byResource.get(key) ?? []).filter((served) => served.row.version !== version);
    if (left.length > 0) this.#byResource.set(key, left);
    else this.#byResource.delete(key);
    this.#changed();
  }
}

export function createResourceTable(): ResourceTable {
  return new ServedResources();
}

/** Events are told of as what they are stored as. */
export function storedKind({ kind, row }: ServedResource): GroupVersionKind {
  return row.storageGroup === undefined ? kind : { ...kind, group: row.storageGroup };
}
