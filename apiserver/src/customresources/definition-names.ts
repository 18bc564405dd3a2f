import { deepEqual } from '@coracle/apimachinery/json';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '@coracle/apimachinery/types/apiextensions-v1';

/**
 * Which of a definition's names it may have: no two definitions of a group share one. Upstream finds out in a controller
 * (apiextensions `naming_controller.go`); here it is part of the write, so that a created definition serves at once.
 */
export function acceptNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  time: string,
): CustomResourceDefinitionStatus {
  const wanted = definition.spec.names;
  const before = definition.status?.acceptedNames;
  const taken = takenNames(definition, others);
  const accepted: CustomResourceDefinitionNames = { plural: '', kind: '', ...before };
  let conflict: { readonly reason: string; readonly message: string } | undefined;
  const scalars = [
    ['plural', 'PluralConflict', taken.resources],
    ['singular', 'SingularConflict', taken.resources],
    ['kind', 'KindConflict', taken.kinds],
    ['listKind', 'ListKindConflict', taken.kinds],
  ] as const;
  for (const [name, reason, used] of scalars) {
    const value = wanted[name] ?? '';
    if (value !== before?.[name] && used.has(value)) conflict = { reason, message: `"${value}" is already in use` };
    else if (value !== '') accepted[name] = value;
  }
  const shortConflicts = (wanted.shortNames ?? []).filter(
    (name) => before?.shortNames?.includes(name) !== true && taken.resources.has(name),
  );
  if (shortConflicts.length > 0) {
    conflict = {
      reason: 'ShortNamesConflict',
      message: printList(shortConflicts.map((name) => `"${name}" is already in use`)),
    };
  } else {
    setOrDelete(accepted, 'shortNames', wanted.shortNames);
  }
  setOrDelete(accepted, 'categories', wanted.categories);
  return { ...definition.status, acceptedNames: accepted, conditions: conditionsOf(definition, conflict, time) };
}

/** True where the definition's resources are served. */
export function isEstablished(definition: CustomResourceDefinition): boolean {
  return conditionOf(definition, 'Established')?.status === 'True';
}

export function conditionOf(
  definition: CustomResourceDefinition,
  type: string,
): CustomResourceDefinitionCondition | undefined {
  return definition.status?.conditions?.find((condition) => condition.type === type);
}

/** The conditions with one of them set; its transition time moves only when its status does. */
export function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  next: CustomResourceDefinitionCondition,
): CustomResourceDefinitionCondition[] {
  const previous = conditions.find((condition) => condition.type === next.type);
  const unchanged = previous?.status === next.status;
  const kept =
    unchanged && previous.lastTransitionTime ? { ...next, lastTransitionTime: previous.lastTransitionTime } : next;
  if (previous === undefined) return [...conditions, kept];
  return conditions.map((condition) =>
    condition === previous ? (deepEqual(previous, kept) ? previous : kept) : condition,
  );
}

function takenNames(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[]) {
  const names = others
    .filter((other) => other.spec.group === definition.spec.group && other.metadata?.name !== definition.metadata?.name)
    .map((other) => other.status?.acceptedNames)
    .filter((accepted) => accepted !== undefined);
  return {
    resources: new Set(
      names.flatMap((name) => [name.plural, name.singular ?? '', ...(name.shortNames ?? [])]).filter(Boolean),
    ),
    kinds: new Set(names.flatMap((name) => [name.kind, name.listKind ?? '']).filter(Boolean)),
  };
}

function conditionsOf(
  definition: CustomResourceDefinition,
  conflict: { readonly reason: string; readonly message: string } | undefined,
  time: string,
): CustomResourceDefinitionCondition[] {
  const names: CustomResourceDefinitionCondition =
    conflict === undefined
      ? {
          type: 'NamesAccepted',
          status: 'True',
          lastTransitionTime: time,
          reason: 'NoConflicts',
          message: 'no conflicts found',
        }
      : { type: 'NamesAccepted', status: 'False', lastTransitionTime: time, ...conflict };
  const conditions = withCondition(definition.status?.conditions ?? [], names);
  // Once served a definition stays so, whatever becomes of its names.
  if (isEstablished(definition)) return conditions;
  return withCondition(
    conditions,
    conflict === undefined
      ? {
          type: 'Established',
          status: 'True',
          lastTransitionTime: time,
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        }
      : {
          type: 'Established',
          status: 'False',
          lastTransitionTime: time,
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        },
  );
}

function setOrDelete<K extends 'shortNames' | 'categories'>(
  names: CustomResourceDefinitionNames,
  key: K,
  value: CustomResourceDefinitionNames[K],
): void {
  if (value === undefined || value.length === 0) delete names[key];
  else names[key] = value;
}

function printList(messages: readonly string[]): string {
  return messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`;
}
