import { forbidden, internalError } from '@coracle/apimachinery/errors';
import type { KubernetesObject, ObjectMeta } from '@coracle/apimachinery/meta';
import type { AdmissionAttributes, AdmissionOperation } from '../admission/admission.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import type { AdmissionChain } from './admission-chain.ts';
import type { FieldManagement } from './field-management.ts';
import { resourceOf, type ServedResource } from './served-resource.ts';
import type { SubresourceStrategy, WriteContext } from './strategy.ts';

/** One write on its way through the registry: which resource, for whom, with which options. */
export interface Write {
  readonly resource: ServedResource;
  readonly context: WriteContext;
  readonly admission: AdmissionChain;
  /** Who owns the fields this write sets; undefined leaves managed fields alone. */
  readonly fields: FieldManagement | undefined;
  /** Options as admission sees them: `dryRun`, `fieldManager`, …. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Rules of the subresource that is written; undefined for the resource itself. */
  readonly subresource: Extract<SubresourceStrategy, { type: 'update' }> | undefined;
  /** Adds an annotation to the audit event. */
  annotate(key: string, value: string): void;
  /** Tells how long a webhook had the request. */
  waited(milliseconds: number): void;
}

/** What a write made of an object. `stored` is missing where nothing was stored: dry runs and answers made up on the spot. */
export interface WriteResult {
  /** In storage version. */
  readonly object: KubernetesObject;
  readonly stored: StoredObject | undefined;
  readonly created: boolean;
}

/** An object whose metadata is there, as every object inside the registry has it. */
export type WithMetadata = KubernetesObject & { metadata: ObjectMeta };

export function metaOf(object: KubernetesObject): ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

/** What admission is told of a write. */
export function admissionAttributes(
  write: Write,
  operation: AdmissionOperation,
  name: string,
  object: KubernetesObject | undefined,
  oldObject: KubernetesObject | undefined,
): AdmissionAttributes {
  const { resource, context } = write;
  return {
    operation,
    kind: resource.kind,
    resource: resourceOf(resource),
    subresource: context.subresource,
    namespace: context.namespace,
    name,
    object,
    oldObject,
    options: { ...write.options, apiVersion: 'meta.k8s.io/v1', kind: optionsKind[operation] },
    dryRun: context.dryRun,
    user: context.user,
    signal: context.signal,
    warn: (text) => context.warn(text),
    annotate: (key, value) => write.annotate(key, value),
    waited: (milliseconds) => write.waited(milliseconds),
    toVersion: (from, version) => resource.fromStorage(from, version),
  };
}

const optionsKind: Readonly<Record<AdmissionOperation, string>> = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
  CONNECT: 'ConnectOptions',
};

/** Throws Forbidden unless the caller may create the object too: a write to what does not exist needs both permissions. */
export async function authorizeCreate(write: Write, name: string): Promise<void> {
  const { resource, context } = write;
  const decision = await context.authorizer.authorize({
    user: context.user,
    verb: 'create',
    isResourceRequest: true,
    namespace: context.namespace,
    apiGroup: resource.row.group,
    apiVersion: resource.row.version,
    resource: resource.row.resource,
    subresource: context.subresource,
    name,
    path: '',
  });
  if (decision.decision === 'allow') return;
  if (decision.evaluationError !== undefined) throw internalError(decision.evaluationError);
  const user = JSON.stringify(context.user.username);
  const scope = context.namespace === '' ? 'at the cluster scope' : `in the namespace "${context.namespace}"`;
  const what = `User ${user} cannot create resource "${resource.row.resource}" in API group "${resource.row.group}" ${scope}`;
  throw forbidden(resource.groupResource, name, decision.reason === '' ? what : `${what}: ${decision.reason}`);
}
