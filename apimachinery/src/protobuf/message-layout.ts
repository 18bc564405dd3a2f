import type { Field, ObjectSchema } from '../schema/index.ts';

/** The fields of one protobuf message by ascending number; `inlined` are messages whose fields JSON shows in the parent. */
export interface MessageLayout {
  readonly entries: readonly LayoutEntry[];
}

export type LayoutEntry =
  | { readonly number: number; readonly field: Field }
  | { readonly number: number; readonly inlined: MessageLayout };

/** Sorts the flat fields of a schema back into the messages they travel in. */
export function messageLayout(schema: ObjectSchema): MessageLayout {
  return layoutOf([...schema.fields.values()], 0);
}

function layoutOf(fields: readonly Field[], depth: number): MessageLayout {
  const own = new Map<number, LayoutEntry>();
  const nested = new Map<number, Field[]>();
  for (const field of fields) {
    if (field.number === undefined) continue;
    const outer = field.within?.[depth];
    if (outer === undefined) own.set(field.number, { number: field.number, field });
    else nested.set(outer, [...(nested.get(outer) ?? []), field]);
  }
  for (const [number, inner] of nested) own.set(number, { number, inlined: layoutOf(inner, depth + 1) });
  return { entries: [...own.values()].sort((a, b) => a.number - b.number) };
}
