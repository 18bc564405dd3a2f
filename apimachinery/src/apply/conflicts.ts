import { applyConflict, quote, type StatusCause, type StatusError } from '../errors/index.ts';
import { type FieldSet, membersOf } from './field-set.ts';
import type { ManagedEntry } from './managed-entries.ts';
import type { Loss } from './ownership.ts';
import { pathText } from './path-element.ts';

interface Conflict {
  readonly manager: string;
  readonly path: string;
}

/** The 409 of an apply that would take fields from others, one cause a field (managedfields.NewConflictError). */
export function conflictError(losses: readonly Loss[]): StatusError {
  const conflicts = losses
    .flatMap(({ entry, fields }) => conflictsOf(managerText(entry), fields))
    .sort((a, b) => (a.manager < b.manager ? -1 : a.manager > b.manager ? 1 : 0));
  const causes: StatusCause[] = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }));
  return applyConflict(causes, messageOf(conflicts));
}

function conflictsOf(manager: string, fields: FieldSet): Conflict[] {
  return [...membersOf(fields)].map((path) => ({ manager, path: pathText(path) }));
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.path}`;
  }
  const lines: string[] = [];
  let manager = '';
  for (const conflict of conflicts) {
    if (conflict.manager !== manager) lines.push(`conflicts with ${conflict.manager}:`);
    manager = conflict.manager;
    lines.push(`- ${conflict.path}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function managerText(entry: ManagedEntry): string {
  const name = quote(entry.manager) + (entry.subresource === '' ? '' : ` with subresource ${quote(entry.subresource)}`);
  return entry.operation === 'Update' ? `${name} using ${entry.apiVersion}` : name;
}
