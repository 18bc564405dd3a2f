import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { PriorityClass } from '@coracle/apimachinery/types/scheduling-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const userPriorityMax = 1_000_000_000;
const systemClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

export const priorityClassStrategy: Strategy<PriorityClass> = {
  resource: { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
  generation: () => false,
  defaults: (object) => {
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate: (object, old) => (old === undefined ? [...validateValue(object), ...validatePolicy(object)] : []),
  validateUpdate: (object, old) => [
    ...(object.value === old.value ? [] : [field.forbidden('value', 'may not be changed in an update.')]),
    ...validateImmutable(object.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy'),
  ],
  table: {
    columns: [
      nameColumn,
      column('Value', 'integer', 'The priority of pods of the class'),
      column('Global-Default', 'boolean', 'Whether pods without a class are of this one'),
      ageColumn,
      column('PreemptionPolicy', 'string', 'Whether its pods may take the place of others'),
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.value ?? 0,
      object.globalDefault ?? false,
      ageOf(object, now),
      object.preemptionPolicy ?? '',
    ],
  },
};

function validateValue({ metadata, value = 0, globalDefault = false }: PriorityClass): FieldError[] {
  const name = metadata?.name ?? '';
  if (!name.startsWith('system-')) {
    if (value <= userPriorityMax) return [];
    return [field.forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`)];
  }
  const problem = systemProblem(name, value, globalDefault);
  if (problem === undefined) return [];
  const rule = "priority class names with 'system-' prefix are reserved for system use only.";
  return [field.forbidden('metadata.name', `${rule} error: ${problem}`)];
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const expected = Object.hasOwn(systemClasses, name) ? systemClasses[name] : undefined;
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validatePolicy({ preemptionPolicy }: PriorityClass): FieldError[] {
  const policies = ['PreemptLowerPriority', 'Never'];
  if (preemptionPolicy === undefined || policies.includes(preemptionPolicy)) return [];
  if (preemptionPolicy === '') return [field.required('preemptionPolicy')];
  return [field.notSupported('preemptionPolicy', preemptionPolicy, policies)];
}
