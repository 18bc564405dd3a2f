import { goJson } from '../errors/index.ts';
import { compareText, isObject } from '../json/index.ts';
import type { KubernetesObject } from '../meta/object-meta.ts';
import { byteLength } from '../validation/index.ts';
import { compareObjects } from './compare.ts';
import { differenceOf, type FieldSet } from './field-set.ts';
import { type ManagedWrite, withoutManagedFields } from './ownership.ts';
import { setOfConfiguration } from './tree-of.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const annotationsBytesMax = 256 * 1024;

/** The manager whose applies take over from client-side apply, as upstream has it. */
export const upgradingManager = 'kubectl';

/**
 * Fields that client-side apply set and nobody changed since: the first server-side apply by kubectl may take them without
 * a conflict. Undefined where the object was not applied that way, or in another version.
 */
export function fieldsOfLastApplied(live: KubernetesObject, write: ManagedWrite): FieldSet | undefined {
  const text = live.metadata?.annotations?.[annotation];
  if (!text) return undefined;
  let applied: unknown;
  try {
    applied = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(applied) || applied['apiVersion'] !== write.apiVersion) return undefined;
  const schema = write.schema ?? { type: 'any' };
  const set = setOfConfiguration(applied, schema);
  const comparison = compareObjects(applied, withoutManagedFields(live), schema);
  if (comparison === undefined) return set;
  return [comparison.modified, comparison.added, comparison.removed].reduce(differenceOf, set);
}

/** Keeps the annotation of client-side apply in step, so that people can go back; left out where it would be too large. */
export function syncLastApplied(object: KubernetesObject, configuration: KubernetesObject): void {
  const annotations = object.metadata?.annotations;
  if (object.metadata === undefined || !annotations?.[annotation]) return;
  const { [annotation]: _, ...others } = annotations;
  const { [annotation]: __, ...configured } = configuration.metadata?.annotations ?? {};
  const plain = { ...configuration, metadata: { ...configuration.metadata, annotations: configured } };
  if (configuration.metadata?.annotations === undefined)
    delete (plain.metadata as { annotations?: unknown }).annotations;
  const next = { ...others, [annotation]: `${goJson(inKeyOrder(plain))}\n` };
  const bytes = Object.entries(next).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  object.metadata = { ...object.metadata, annotations: bytes > annotationsBytesMax ? others : next };
}

/** The annotation is written from Go maps, which are printed in the order of their keys. */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(entries.map(([key, item]) => [key, inKeyOrder(item)]));
}
