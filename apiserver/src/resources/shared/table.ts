import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { humanAge } from '@coracle/apimachinery/quantity';
import type { TableColumn } from '../../registry/strategy.ts';

/** Column definitions and cells that many kinds have in common. Source of names and cells: pkg/printers/internalversion. */

/** A column that is always shown. */
export function column(name: string, type: TableColumn['type'], description = name): TableColumn {
  return { name, type, format: '', description, priority: 0 };
}

/** A column of `-o wide`. */
export function wideColumn(name: string, type: TableColumn['type'], description = name): TableColumn {
  return { ...column(name, type, description), priority: 1 };
}

export const nameColumn: TableColumn = { ...column('Name', 'string', 'Name of the object'), format: 'name' };
export const ageColumn: TableColumn = column('Age', 'string', 'Time since the object was created');

/** The cell under `ageColumn`; `now` in milliseconds since 1970. */
export function ageOf(object: KubernetesObject, now: number): string {
  return humanAge(object.metadata?.creationTimestamp, now);
}

/** A cell that says `<none>` for nothing. */
export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '<none>' : text;
}

/** A cell that says `<unset>` for nothing. */
export function orUnset(text: string | undefined): string {
  return text === undefined || text === '' ? '<unset>' : text;
}

/** Labels as `a=b,c=d` in order of keys; `<none>` for none. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const names = Object.keys(labels ?? {}).sort();
  return orNone(names.map((name) => `${name}=${labels?.[name]}`).join(','));
}

/** Names and images of containers, each joined by commas: the two wide columns of everything with a pod template. */
export function containerCells(
  containers: readonly { name: string; image?: string }[] | null | undefined,
): [string, string] {
  const list = containers ?? [];
  return [list.map(({ name }) => name).join(','), list.map(({ image = '' }) => image).join(',')];
}
