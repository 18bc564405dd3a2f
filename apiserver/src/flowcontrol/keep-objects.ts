import { isStatus } from '@coracle/apimachinery/errors';
import { deepCopy, parseBool } from '@coracle/apimachinery/json';
import type { GroupResource } from '@coracle/apimachinery/schema';
import { FlowSchemas, PriorityLevelConfigurations } from '@coracle/apimachinery/resources';
import type { Readers } from '../registry/readers.ts';
import type { SendOwnRequest } from '../system/own-requests.ts';
import {
  autoUpdateAnnotation,
  mandatoryLevels,
  mandatorySchemas,
  suggestedLevels,
  suggestedSchemas,
} from './bootstrap.ts';
import type { SchemaObject } from './flow.ts';
import { type LevelObject, nameOf } from './level.ts';
import { sameSpec } from './same-spec.ts';

type KeptObject = SchemaObject | LevelObject;

const fieldManager = 'api-priority-and-fairness-config-producer-v1';
const basePath = '/apis/flowcontrol.apiserver.k8s.io/v1';

/**
 * Makes the objects be there and as they should be: the mandatory ones always, the suggested ones as long as nobody has
 * changed them, and none that this server kept in an earlier version and does not any more.
 * Source: kubernetes pkg/registry/flowcontrol/ensurer.
 */
export async function keepObjects(readers: Readers, send: SendOwnRequest, signal: AbortSignal): Promise<void> {
  const keep = (resource: GroupResource, object: KeptObject, mandatory: boolean) =>
    keepOne({ readers, send, signal }, resource, object, mandatory);
  await Promise.all([
    ...suggestedLevels().map((object) => keep(PriorityLevelConfigurations, object, false)),
    ...suggestedSchemas().map((object) => keep(FlowSchemas, object, false)),
    ...mandatoryLevels().map((object) => keep(PriorityLevelConfigurations, object, true)),
    ...mandatorySchemas().map((object) => keep(FlowSchemas, object, true)),
  ]);
  await removeUnwanted({ readers, send, signal }, FlowSchemas, [...suggestedSchemas(), ...mandatorySchemas()]);
  await removeUnwanted({ readers, send, signal }, PriorityLevelConfigurations, [
    ...suggestedLevels(),
    ...mandatoryLevels(),
  ]);
}

interface Access {
  readonly readers: Readers;
  readonly send: SendOwnRequest;
  readonly signal: AbortSignal;
}

async function keepOne(
  { readers, send, signal }: Access,
  resource: GroupResource,
  wanted: KeptObject,
  mandatory: boolean,
): Promise<void> {
  const name = nameOf(wanted);
  const path = `${basePath}/${resource.resource}`;
  const query = { fieldManager };
  const current = await readers.get<KeptObject>(resource, { name });
  if (current === undefined) {
    await ignoring(send({ method: 'POST', path, query, body: wanted }, signal), 'AlreadyExists');
    return;
  }
  const revised = revise(current, wanted, mandatory);
  // Whoever was faster is looked at next time.
  if (revised !== undefined) {
    await ignoring(send({ method: 'PUT', path: `${path}/${name}`, query, body: revised }, signal), 'Conflict');
  }
}

async function removeUnwanted(
  { readers, send, signal }: Access,
  resource: GroupResource,
  wanted: readonly KeptObject[],
): Promise<void> {
  const names = new Set(wanted.map(nameOf));
  for (const object of await readers.list<KeptObject>(resource)) {
    if (names.has(nameOf(object)) || autoUpdateOf(object) !== true) continue;
    const path = `${basePath}/${resource.resource}/${nameOf(object)}`;
    await ignoring(send({ method: 'DELETE', path }, signal), 'NotFound');
  }
}

async function ignoring(work: Promise<void>, reason: 'AlreadyExists' | 'Conflict' | 'NotFound'): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isStatus(error, reason)) throw error;
  }
}

/** What a kept object must become; undefined where it may stay as it is. */
export function revise<T extends KeptObject>(current: T, wanted: T, mandatory: boolean): T | undefined {
  // Without a word about it, a spec that nobody has changed is the server's to change.
  const auto = mandatory || (autoUpdateOf(current) ?? current.metadata?.generation === 1);
  const keepsAnnotation = autoUpdateOf(current) === auto;
  const keepsSpec = !auto || sameSpec(wanted, current);
  if (keepsAnnotation && keepsSpec) return undefined;
  const revised = deepCopy(current);
  if (!keepsSpec) revised.spec = deepCopy(wanted.spec);
  revised.metadata = {
    ...revised.metadata,
    annotations: { ...revised.metadata?.annotations, [autoUpdateAnnotation]: String(auto) },
  };
  return revised;
}

/** What the object's annotation says; undefined where it says nothing that can be read. */
function autoUpdateOf({ metadata }: KeptObject): boolean | undefined {
  return parseBool(metadata?.annotations?.[autoUpdateAnnotation] ?? '');
}
