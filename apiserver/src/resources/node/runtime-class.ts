import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { Toleration } from '@coracle/apimachinery/types/core-v1';
import type { RuntimeClass } from '@coracle/apimachinery/types/node-v1';
import { dns1123Label, validateLabels } from '@coracle/apimachinery/validation';
import { resourceErrors, tolerationErrors } from '../core/pod-validation/index.ts';
import { unchanged } from '../shared/declared.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

export const runtimeClassStrategy: Strategy<RuntimeClass> = {
  resource: { group: 'node.k8s.io', resource: 'runtimeclasses' },
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate: (object) => validateRuntimeClass(object),
  validateUpdate: (object, old) => unchanged(object.handler, old.handler, 'handler'),
  table: {
    columns: [nameColumn, column('Handler', 'string', 'Name the container runtime has for it'), ageColumn],
    row: (object, now) => [object.metadata?.name, object.handler, ageOf(object, now)],
  },
};

/** pkg/apis/node/validation.ValidateRuntimeClass */
function validateRuntimeClass({ handler = '', overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: FieldError[] = [];
  if (overhead?.podFixed) errors.push(...resourceErrors({ limits: overhead.podFixed }, new Set(), 'overhead'));
  errors.push(...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'));
  const tolerations = scheduling?.tolerations ?? [];
  errors.push(...tolerationErrors(tolerations, 'scheduling.tolerations'));
  errors.push(...duplicates(tolerations, 'scheduling.tolerations'));
  if (handler === '') return [...errors, field.required('handler')];
  return [...errors, ...dns1123Label(handler).map((text) => field.invalid('handler', handler, text))];
}

function duplicates(tolerations: readonly Toleration[], path: string): FieldError[] {
  const identity = ({ key, operator, value, effect }: Toleration) => ({ key, operator, value, effect });
  return tolerations.flatMap((toleration, index) => {
    const seen = tolerations.slice(0, index).some((other) => deepEqual(identity(other), identity(toleration)));
    return seen ? [field.duplicate(`${path}[${index}]`, toleration)] : [];
  });
}
