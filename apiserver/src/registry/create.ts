import {
  alreadyExists,
  badRequest,
  type FieldError,
  generateNameConflict,
  internalError,
  invalid,
} from '@coracle/apimachinery/errors';
import { deepCopy, removeAt } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { generateName } from '@coracle/apimachinery/validation';
import type { AdmissionAttributes } from '../admission/admission.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { findingsOf } from './findings.ts';
import { dropGatedFields } from './gated-fields.ts';
import { hasGeneration, resetPaths } from './generation.ts';
import {
  anyMetadataErrors,
  dedupeOwnerReferences,
  fillNamespace,
  metadataErrors,
  timestamp,
  wipeSystemFields,
} from './metadata.ts';
import { storedKind } from './served-resource.ts';
import type { Finish } from './strategy.ts';
import { newUuid } from './uuid.ts';
import { admissionAttributes, metaOf, type Write, type WriteResult } from './write.ts';

/** Attempts to find a free name for a generateName, upstream's figure. */
const generatedNameAttemptsMax = 8;

/**
 * Stores a new object. `object` is private, in storage version, with defaults set and managed fields told. See `Strategy` for the order of steps.
 * Throws what admission, validation or the store have against it.
 */
export async function createObject(write: Write, object: KubernetesObject): Promise<WriteResult> {
  const { resource, context } = write;
  const meta = metaOf(object);
  const version = meta.resourceVersion;
  delete meta.resourceVersion;
  wipeSystemFields(meta);
  fillNamespace(meta, resource.row.namespaced ? context.namespace : '');

  const attributes = admissionAttributes(write, 'CREATE', meta.name ?? '', object, undefined);
  await write.admission.admit(attributes);
  const admitted = attributes.object ?? object;
  dedupeOwnerReferences(admitted, true, context.warn);
  resource.setStorageDefaults(admitted);
  // In its written form before it is judged: a required text that nobody set is an empty one, as in Go.
  const whole = resource.withZeros(admitted);

  const generated = !whole.metadata?.name && Boolean(whole.metadata?.generateName);
  const attempts = generated ? generatedNameAttemptsMax : 1;
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt < attempts && generated ? deepCopy(whole) : whole;
    const result = await createOnce(write, candidate, attributes, version);
    if (result !== undefined) return result;
    if (attempt < attempts) continue;
    const name = candidate.metadata?.name ?? '';
    if (candidate.metadata?.generateName) throw generateNameConflict(resource.groupResource, name);
    throw await nameTaken(write, name);
  }
}

/** One attempt under one name; undefined where the name is taken. */
async function createOnce(
  write: Write,
  object: KubernetesObject,
  attributes: AdmissionAttributes,
  version: string | undefined,
): Promise<WriteResult | undefined> {
  const { resource, context } = write;
  const { strategy } = resource;
  await prepare(write, object);
  const named = { ...attributes, name: metaOf(object).name ?? '', object };
  let finish: Finish | undefined;
  let written = false;
  try {
    await write.admission.validate(named);
    const answer = await strategy.answer?.(object, context);
    if (answer !== undefined) {
      const object = answer.kind === resource.kind.kind ? resource.normalize(answer) : answer;
      return { object, stored: undefined, created: true };
    }
    if (!context.dryRun && isVersion(version)) {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    finish = (await strategy.beginCreate?.(object, context)) ?? undefined;
    if (context.dryRun) return await dryRunResult(write, object, version);
    const stored = await resource.store.create(resource.storedForm(object), strategy.ttlSeconds?.(object));
    if (stored === undefined) return undefined;
    written = true;
    await afterCreate(write, stored);
    return { object: stored.object, stored, created: true };
  } finally {
    if (finish !== undefined) await finish(written);
    await write.admission.finished(named, written);
  }
}

/** System fields, the kind's own preparation, and every check. */
async function prepare(write: Write, object: KubernetesObject): Promise<void> {
  const { resource, context } = write;
  const { strategy } = resource;
  const { environment } = context;
  const meta = metaOf(object);
  meta.creationTimestamp = timestamp(environment.clock.now());
  meta.uid = newUuid(environment.random);
  if (!meta.name && meta.generateName) {
    meta.name =
      strategy.randomSuffix === false ? meta.generateName : generateName(meta.generateName, environment.random);
  }
  if (hasGeneration(resource)) meta.generation = 1;

  dropGatedFields(object, undefined, resource.schema);
  if (strategy.prepareForCreate !== undefined) await strategy.prepareForCreate(object, context);
  else for (const path of resetPaths(resource)) removeAt(object as Record<string, unknown>, path);

  const asksMetadata = strategy.answer === undefined && strategy.judgesMetadata !== false;
  const errors: FieldError[] = asksMetadata ? metadataErrors(resource, meta, object) : [];
  if (strategy.validate !== undefined) errors.push(...(await strategy.validate(object, undefined, context)));
  if (strategy.declaresName === true) namesLast(errors);
  const found = findingsOf(resource, errors, object, undefined);
  if (found.length > 0) {
    const named =
      strategy.namelessErrors === true
        ? { kind: { ...resource.kind, kind: '' }, name: '' }
        : { kind: storedKind(resource), name: meta.name };
    throw invalid(named.kind, named.name ?? '', found);
  }
  const generic = strategy.judgesMetadata === false ? anyMetadataErrors(resource, meta) : [];
  if (generic.length > 0) throw invalid(resource.kind, meta.name ?? '', generic);
  for (const text of strategy.warnings?.(object, undefined) ?? []) context.warn(text);
  strategy.canonicalize?.(object);
}

/** As upstream tells what is declared of names. */
function namesLast(errors: FieldError[]): void {
  const isName = ({ type, field: path }: FieldError) => path === 'metadata.name' && type === 'FieldValueInvalid';
  const others = errors.filter((error) => !isName(error) && error.field !== 'metadata.generateName');
  errors.splice(0, errors.length, ...others, ...errors.filter(isName));
}

/** One that is none is not looked at. */
function isVersion(text = ''): boolean {
  return /^0*[1-9]\d*$/.test(text);
}

/** What nobody stores keeps the version that it was sent with. */
async function dryRunResult(
  write: Write,
  object: KubernetesObject,
  version: string | undefined,
): Promise<WriteResult | undefined> {
  if (version) metaOf(object).resourceVersion = version;
  const { name = '', namespace } = metaOf(object);
  const existing = await write.resource.store.get(namespace === undefined ? { name } : { namespace, name }, {
    type: 'newest',
  });
  return existing === undefined
    ? { object: write.resource.normalize(object), stored: undefined, created: true }
    : undefined;
}

async function afterCreate(write: Write, stored: StoredObject): Promise<void> {
  const { strategy } = write.resource;
  if (strategy.afterCreate === undefined) return;
  try {
    await strategy.afterCreate(stored.object, write.context);
  } catch (error) {
    write.context.environment.log.error('hook after a create failed', {
      resource: write.resource.groupResource,
      error,
    });
  }
}

async function nameTaken(write: Write, name: string): Promise<Error> {
  const { resource, context } = write;
  if (name === '') return internalError('the object has no name');
  const key = context.namespace === '' || !resource.row.namespaced ? { name } : { namespace: context.namespace, name };
  const error = alreadyExists(resource.groupResource, name);
  const existing = await resource.store.get(key, { type: 'any' });
  if (existing?.object.metadata?.deletionTimestamp === undefined) return error;
  error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}
