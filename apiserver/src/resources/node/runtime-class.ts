import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import { parseQuantity } from '@coracle/apimachinery/quantity';
import type { Toleration } from '@coracle/apimachinery/types/core-v1';
import type { RuntimeClass } from '@coracle/apimachinery/types/node-v1';
import { dns1123Label, validateImmutable, validateLabels } from '@coracle/apimachinery/validation';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

export const runtimeClassStrategy: Strategy<RuntimeClass> = {
  resource: { group: 'node.k8s.io', resource: 'runtimeclasses' },
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate: (object, old) => (old === undefined ? validateRuntimeClass(object) : []),
  validateUpdate: (object, old) => validateImmutable(object.handler, old.handler, 'handler'),
  table: {
    columns: [nameColumn, column('Handler', 'string', 'Name the container runtime has for it'), ageColumn],
    row: (object, now) => [object.metadata?.name, object.handler, ageOf(object, now)],
  },
};

/** pkg/apis/node/validation.ValidateRuntimeClass */
function validateRuntimeClass({ handler = '', overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors = handler === '' ? [field.required('handler')] : [];
  if (handler !== '') errors.push(...dns1123Label(handler).map((text) => field.invalid('handler', handler, text)));
  for (const [name, quantity] of Object.entries(overhead?.podFixed ?? {})) {
    if (parseQuantity(quantity).sign < 0) {
      errors.push(field.invalid(`overhead.limits[${name}]`, quantity, 'must be greater than or equal to 0'));
    }
  }
  errors.push(...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'));
  return [...errors, ...duplicates(scheduling?.tolerations ?? [], 'scheduling.tolerations')];
}

function duplicates(tolerations: readonly Toleration[], path: string): FieldError[] {
  const identity = ({ key, operator, value, effect }: Toleration) => ({ key, operator, value, effect });
  return tolerations.flatMap((toleration, index) => {
    const seen = tolerations.slice(0, index).some((other) => deepEqual(identity(other), identity(toleration)));
    return seen ? [field.duplicate(`${path}[${index}]`, toleration)] : [];
  });
}
