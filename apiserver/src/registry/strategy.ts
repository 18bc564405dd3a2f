import type { Environment } from '@coracle/apimachinery/component';
import type { FieldError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource, ResourceRow } from '@coracle/apimachinery/schema';
import type { ApiRequest, ApiResponse, UserInfo } from '../http/api-request.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { TokenService } from '../auth/tokens/token-service.ts';
import type { DeleteOptions, Readers, Writers } from './readers.ts';

/**
 * Everything the generic store must know of one kind that its schema cannot say. Only `resource` is needed: every hook is
 * optional, and a kind without a strategy gets the generic behaviour described at each hook.
 *
 * Objects given to hooks as `object` are private to this write and **may be changed in place**; objects named `old` or
 * `current` are shared and read-only. All are in storage version (defaults excepted).
 *
 * Order of a create: decode → `defaults` → owner references de-duplicated → managed fields (without `resetFields`)
 * → mutating admission → system fields (uid, creationTimestamp, generation 1, name from generateName)
 * → `prepareForCreate` → metadata and `validateName` → `validate` → `canonicalize` → validating admission
 * → `beginCreate` → store → `afterCreate`.
 * Order of an update: decode or patch → `defaults` → managed fields → mutating admission → system fields carried over from
 * the stored object → `prepareForUpdate` → generation → metadata → `validate` of the new one and `validateUpdate`
 * → `canonicalize` → validating admission → `beginUpdate` → store → `afterUpdate`. The whole row repeats on a conflict.
 */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  readonly resource: GroupResource;

  /** Why `name` is no good, upstream's texts; `prefix` for a generateName. Default: RFC 1123 subdomain. */
  validateName?(name: string, prefix: boolean, object: T): readonly string[];

  /** Updates judge the names again, which a rule may have against other fields. Default false. */
  readonly judgesNamesAgain?: boolean;

  /** Default true. False: generateName is taken as the name, without a random suffix. */
  readonly randomSuffix?: boolean;

  /**
   * Default true. False: the kind's own rules of a create say nothing of metadata. What the metadata of any object must be is
   * asked then when everything else is fine.
   */
  readonly judgesMetadata?: boolean;

  /** The rule of names is declared with the type: what it finds is told last, and generateName is judged by the name it made. */
  readonly declaresName?: boolean;

  /** Findings do not say of which object and kind they are: upstream's reviews have it so. */
  readonly namelessErrors?: boolean;

  /** On updates, what may not change is told before the other rules. */
  readonly changesFirst?: boolean;

  /** Defaults that the schema table cannot say; `version` is the API version of the body. Also runs after mutating admission. */
  defaults?(object: T, version: string): void;

  /**
   * Field paths that a client may not set through this endpoint: they are taken out of managed fields, and the default
   * prepare hooks put them back to what they were (create: remove them). Paths as `['status']`, `['spec', 'nodeName']`.
   * Default: `[['status']]` where the kind has a status subresource.
   */
  readonly resetFields?: readonly FieldPath[];
  /** Default: removes `resetFields`. A strategy that has this hook must do that itself. */
  prepareForCreate?(object: T, context: WriteContext): void | Promise<void>;
  /** Default: restores `resetFields` from `old`. A strategy that has this hook must do that itself. */
  prepareForUpdate?(object: T, old: T, context: WriteContext): void | Promise<void>;

  /**
   * When metadata.generation grows. `spec-change` (default where the kind has a `spec`): any difference outside metadata
   * and status; `none`: the kind has no generation (ConfigMap, Secret, Pod before resize, …); or an own rule.
   */
  readonly generation?: 'spec-change' | 'none' | GenerationRule<T>;
  /** Upstream compares before it drops fields behind gates: they make a generation, and are gone. */
  readonly countsGatedFields?: true;

  /** Rules the schema cannot say. `old` is set on updates; rules of unchanged fields may be ratcheted by comparing. */
  validate?(
    object: T,
    old: T | undefined,
    context: WriteContext,
  ): readonly FieldError[] | Promise<readonly FieldError[]>;
  /** What may not change. Runs in addition to `validate`. */
  validateUpdate?(object: T, old: T, context: WriteContext): readonly FieldError[] | Promise<readonly FieldError[]>;
  /** `Warning` headers of a valid write. */
  warnings?(object: T, old: T | undefined): readonly string[];
  /** Puts an accepted object into its one canonical form, after validation. */
  canonicalize?(object: T): void;

  /** PUT of an object that does not exist creates it. Default false. */
  readonly createOnUpdate?: boolean;
  /** PUT without resourceVersion is allowed. Default true. */
  readonly unconditionalUpdate?: boolean;

  /** Takes something outside the object (addresses, ports) before it is stored; `finish` is told whether it was. May set fields. */
  beginCreate?(object: T, context: WriteContext): Finish | undefined | Promise<Finish | undefined>;
  beginUpdate?(object: T, old: T, context: WriteContext): Finish | undefined | Promise<Finish | undefined>;
  /** After the store has it, before the answer; `stored` is shared. Not on dry runs. Errors are logged, not answered. */
  afterCreate?(stored: T, context: WriteContext): void | Promise<void>;
  afterUpdate?(stored: T, old: T, context: WriteContext): void | Promise<void>;
  afterDelete?(stored: T, context: WriteContext): void | Promise<void>;

  /** Life time of the stored key: Events. Absent means for ever. */
  ttlSeconds?(object: T): number | undefined;

  readonly deletion?: DeletionStrategy<T>;

  /** Field selector values beyond metadata.name and metadata.namespace, all of them, empty string for absent. */
  fields?(object: T): Readonly<Record<string, string>>;
  /**
   * Names a client may use in field selectors, beyond the metadata ones. Default: what `fields` gives for an empty object.
   * A kind whose request version names them differently (events.k8s.io `regarding.kind`) maps them here.
   */
  selectableField?(name: string, version: string): string | undefined;
  /** What the kind says of a name that a client may not use, where that is not upstream's usual text. */
  unselectable?(name: string, version: string): string;

  /**
   * Annotations that are fields of upstream's internal type (`spec.templateGeneration`): answers of metadata alone, which
   * upstream takes from there, do not have them.
   */
  readonly annotationsOfFields?: readonly string[];

  /** `kubectl get` columns after Name; default is Name and Age (`Created At`) as upstream prints unknown kinds. */
  readonly table?: TableStrategy<T>;

  /** Subresources by name: `status`, `scale`, `binding`, … A `status` row of the Scheme without one gets the generic one. */
  readonly subresources?: Readonly<Record<string, SubresourceStrategy<T>>>;

  /** What a create answers where nothing is stored (SubjectAccessReview, TokenReview): replaces everything after validation. */
  answer?(object: T, context: WriteContext): KubernetesObject | Promise<KubernetesObject>;
  /** Replaces list and get of a kind whose objects are made up, not stored (ComponentStatus). */
  readonly virtual?: {
    get(name: string, context: WriteContext): T | undefined | Promise<T | undefined>;
    list(context: WriteContext): readonly T[] | Promise<readonly T[]>;
  };
}

/** Whether a change makes a new generation. Written as a method so that strategies of all kinds fit one list. */
export type GenerationRule<T> = { grows(object: T, old: T): boolean }['grows'];

export type FieldPath = readonly string[];

/** Told once whether the object was stored, so that what was taken can be given back. */
export type Finish = (written: boolean) => void | Promise<void>;

/** What a hook may know of the request it works for. */
export interface WriteContext {
  readonly environment: Environment;
  readonly row: ResourceRow;
  readonly subresource: string;
  readonly user: UserInfo;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly authorizer: Authorizer;
  readonly readers: Readers;
  readonly writers: Writers;
  /** Checks and issues bearer tokens. */
  readonly tokens: TokenService;
  /** Adds a `Warning` header (299) to the answer; repeated texts are sent once. */
  warn(text: string): void;
}

/** The reset-and-validate rules of an update through a subresource that shows the whole object. */
export interface UpdateRules<T extends KubernetesObject = KubernetesObject> {
  /** Default for `status`: everything but status and, of metadata, nothing but managedFields is put back. */
  readonly resetFields?: readonly FieldPath[];
  prepareForUpdate?(object: T, old: T, context: WriteContext): void | Promise<void>;
  validateUpdate?(object: T, old: T, context: WriteContext): readonly FieldError[] | Promise<readonly FieldError[]>;
  warnings?(object: T, old: T): readonly string[];
  /** As `Strategy.generation`; default `none`. */
  readonly generation?: 'none' | GenerationRule<T>;
}

export type SubresourceStrategy<T extends KubernetesObject = KubernetesObject> =
  /** get, update and patch of the whole object under other rules: `status`, `ephemeralcontainers`, `resize`, `finalize`, `approval`. */
  | ({ readonly type: 'update' } & UpdateRules<T>)
  /** A view of another kind onto the object: `scale`. `read` shows it, `write` puts a changed view back into a private copy. */
  | {
      readonly type: 'view';
      /** The field of the object that the view's `spec.replicas` is, whose owners both have in common; absent: none. */
      readonly field?: FieldPath;
      /** API version of the view that `read` makes and `write` gets, `autoscaling/v1`. */
      read(object: T): KubernetesObject;
      validate?(view: KubernetesObject): readonly FieldError[];
      write(object: T, view: KubernetesObject): void;
    }
  /** POST of a body of its own kind: `binding`, `eviction`, `token`. Runs after admission of the body; answers an object. */
  | {
      readonly type: 'action';
      validate?(body: KubernetesObject, name: string): readonly FieldError[];
      run(body: KubernetesObject, name: string, context: WriteContext): Promise<KubernetesObject>;
    }
  /** The request is answered by somebody else: `log`, `exec`, `attach`, `portforward`, `proxy`. */
  | {
      readonly type: 'connect';
      /** Kind of the options that CONNECT admission sees: `PodExecOptions`. */
      readonly optionsKind: string;
      connect(call: ConnectCall): Promise<ApiResponse>;
    };

export interface ConnectCall {
  readonly request: ApiRequest;
  readonly namespace: string;
  readonly name: string;
  /** What follows the subresource in the path, with its leading slash; empty for none. */
  readonly path: string;
  readonly context: WriteContext;
}

export interface DeletionStrategy<T extends KubernetesObject = KubernetesObject> {
  /**
   * Graceful deletion (pods): how many seconds this object gets, given what the client asked for (undefined: nothing).
   * 0 deletes at once. Absent hook: the kind is deleted at once.
   */
  gracePeriodSeconds?(object: T, requested: number | undefined): number;
  /**
   * What happens to dependents where the client does not say. Default `background`; `orphan` for legacy kinds; `unsupported`:
   * nothing, whatever the client says.
   */
  readonly defaultPropagation?: 'background' | 'orphan' | 'unsupported';
  /** With what the store's words about a precondition begin, where the kind tells of it in those. */
  readonly failedPrecondition?: string;
  /** `Warning` headers of a delete that does not say what happens to dependents. */
  readonly undecidedWarning?: string;
  /** Holds the object back besides metadata.finalizers: `spec.finalizers` of a Namespace. */
  holds?(object: T): boolean;
  /** The first delete of an object that stays says when it was, and no grace period and no generation. Default false. */
  readonly marksTimeOnly?: boolean;
  /** The first delete of an object that stays, for finalizers or a grace period, changes it: `status.phase = Terminating` of a Namespace. */
  markDeleting?(object: T, context: WriteContext): void;
  /** Refuses a delete (upstream's Conflict of a Namespace that is being removed). */
  check?(object: T, options: DeleteOptions, context: WriteContext): void | Promise<void>;
  /** A finished delete answers the object rather than a Status (upstream `ReturnDeletedObject`). Default false. */
  readonly returnsObject?: boolean;
}

export interface TableStrategy<T extends KubernetesObject = KubernetesObject> {
  /** All columns, Name first. */
  readonly columns: readonly TableColumn[];
  /** One cell per column. `now` in milliseconds since 1970. */
  row(object: T, now: number): TableRow | readonly unknown[];
}

export interface TableRow {
  readonly cells: readonly unknown[];
  /** `[{ type: 'Completed', status: 'True', reason: 'Succeeded', message: … }]` greys a row out. */
  readonly conditions?: readonly Readonly<Record<string, string>>[];
}

/** `metav1.TableColumnDefinition`. */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, anything higher with `-o wide` only. */
  readonly priority: number;
}
