import { type FieldError, field } from '@coracle/apimachinery/errors';
import { getField, isObject, type JsonObject, setAt } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { goTypeOf, goValue } from '@coracle/apimachinery/patch';
import type { CustomResourceSubresourceScale } from '@coracle/apimachinery/types/apiextensions-v1';
import type { SubresourceStrategy } from '../registry/strategy.ts';
import { type JsonPath, parseJsonPath } from './json-path.ts';

/** The `scale` of a definition, its paths read once. */
export interface CompiledScale {
  /** `autoscaling/v1 Scale` onto the paths that the definition names. */
  readonly view: SubresourceStrategy;
  /** Numbers of replicas and the selector where the definition has them (`ValidateScaleSpec`, `ValidateScaleStatus`). */
  validate(object: KubernetesObject): FieldError[];
}

export function compileScale({
  specReplicasPath,
  statusReplicasPath,
  labelSelectorPath,
}: CustomResourceSubresourceScale): CompiledScale {
  const specReplicas = parseJsonPath(specReplicasPath);
  const statusReplicas = parseJsonPath(statusReplicasPath);
  const selector = labelSelectorPath === undefined ? undefined : parseJsonPath(labelSelectorPath);
  return {
    view: scaleView(specReplicas, statusReplicas, selector),
    validate: (object) => [
      ...replicasErrors(object, specReplicas, specReplicasPath),
      ...replicasErrors(object, statusReplicas, statusReplicasPath),
      ...(selector === undefined ? [] : selectorErrors(object, selector, labelSelectorPath ?? '')),
    ],
  };
}

function scaleView(
  specReplicas: JsonPath,
  statusReplicas: JsonPath,
  selector: JsonPath | undefined,
): SubresourceStrategy {
  return {
    type: 'view',
    ...(specReplicas.fields === undefined ? {} : { field: specReplicas.fields }),
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
      const chosen = selector?.find(object)[0];
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: withoutAbsent({ name, namespace, uid, resourceVersion, creationTimestamp }),
        spec: replicasOf(specReplicas.find(object)[0]),
        status: {
          replicas: Number(statusReplicas.find(object)[0] ?? 0),
          ...(typeof chosen === 'string' && chosen !== '' ? { selector: chosen } : {}),
        },
      } as KubernetesObject;
    },
    write(object, view) {
      const replicas = (view as { spec?: { replicas?: number } }).spec?.replicas ?? 0;
      setAt(object as JsonObject, specReplicas.fields ?? [], replicas);
    },
  };
}

const int32Max = 2 ** 31 - 1;

function replicasErrors(object: KubernetesObject, where: JsonPath, path: string): FieldError[] {
  const problem = wayProblem(object, where);
  if (problem !== undefined) return [field.invalid(path, 0, problem)];
  const [value] = where.find(object);
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return [field.invalid(path, 0, accessorError(path, value, 'int64'))];
  }
  if (value < 0) return [field.invalid(path, value, 'should be a non-negative integer')];
  return value > int32Max ? [field.invalid(path, value, `should be less than or equal to ${int32Max}`)] : [];
}

function selectorErrors(object: KubernetesObject, where: JsonPath, path: string): FieldError[] {
  const problem = wayProblem(object, where);
  if (problem !== undefined) return [field.invalid(path, '', problem)];
  const [value] = where.find(object);
  if (value === undefined || typeof value === 'string') return [];
  return [field.invalid(path, '', accessorError(path, value, 'string'))];
}

/** What is wrong on the way to a value: something there is no object. */
function wayProblem(object: KubernetesObject, { fields = [] }: JsonPath): string | undefined {
  let value: unknown = object;
  for (const [index, name] of fields.entries()) {
    if (value === undefined || value === null) return undefined;
    if (!isObject(value))
      return accessorError(`.${fields.slice(0, index + 1).join('.')}`, value, 'map[string]interface{}');
    value = getField(value, name);
  }
  return undefined;
}

function accessorError(path: string, value: unknown, wanted: string): string {
  return `${path} accessor error: ${goValue(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`;
}

function withoutAbsent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** A Scale says nothing of no replicas. */
function replicasOf(value: unknown): { replicas?: number } {
  return typeof value === 'number' && value !== 0 ? { replicas: value } : {};
}
