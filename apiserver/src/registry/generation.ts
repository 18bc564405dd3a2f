import { semanticEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ServedResource } from './served-resource.ts';
import type { FieldPath } from './strategy.ts';

const statusOnly: readonly FieldPath[] = [['status']];
const nothing: readonly FieldPath[] = [];

/** What a client may not set through the resource itself. */
export function resetPaths(resource: ServedResource): readonly FieldPath[] {
  if (resource.strategy.resetFields !== undefined) return resource.strategy.resetFields;
  return resource.row.subresources.some((subresource) => subresource.name === 'status') ? statusOnly : nothing;
}

/** True for kinds whose metadata.generation counts changes: none of those that are answered and not stored. */
export function hasGeneration(resource: ServedResource): boolean {
  const { generation, answer } = resource.strategy;
  if (answer !== undefined) return false;
  if (generation === undefined || generation === 'spec-change') return resource.schema.fields.has('spec');
  return generation !== 'none';
}

/** True where this update is a change that observers of the generation must know of. */
export function generationGrows(resource: ServedResource, object: KubernetesObject, old: KubernetesObject): boolean {
  const { generation } = resource.strategy;
  if (typeof generation === 'function') return generation(object, old);
  return hasGeneration(resource) && !equalBesidesMetadataAndStatus(object, old);
}

function equalBesidesMetadataAndStatus(object: KubernetesObject, old: KubernetesObject): boolean {
  return sameFields(object, old) && sameFields(old, object);
}

const uncounted = new Set(['metadata', 'status', 'apiVersion', 'kind']);

function sameFields(left: KubernetesObject, right: KubernetesObject): boolean {
  for (const name of Object.keys(left)) {
    if (uncounted.has(name)) continue;
    if (!semanticEqual(left[name as keyof KubernetesObject], right[name as keyof KubernetesObject])) return false;
  }
  return true;
}
