import type { Field, ObjectSchema, Schema } from '../schema/schema.ts';

/** How a strategic merge patch treats one field of an object. */
export interface PatchField {
  readonly schema: Schema | undefined;
  /** `merge` or `replace`; absent means: objects merge, lists are replaced. */
  readonly strategy: 'merge' | 'replace' | undefined;
  readonly retainKeys: boolean;
  readonly mergeKey: string;
}

const unknownField: PatchField = { schema: undefined, strategy: undefined, retainKeys: false, mergeKey: '' };

/** What the schema says of a field; unknown fields and untyped objects merge as plain JSON. */
export function patchField(schema: Schema | undefined, name: string): PatchField {
  if (schema?.type === 'map') return { ...unknownField, schema: schema.values };
  const found = schema?.type === 'object' ? fieldOf(schema, name) : undefined;
  if (found === undefined) return unknownField;
  const strategies = found.patchStrategy ?? [];
  const strategy = strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : undefined;
  return {
    schema: found.schema,
    strategy,
    retainKeys: strategies.includes('retainKeys'),
    mergeKey: found.patchMergeKey ?? '',
  };
}

function fieldOf(schema: ObjectSchema, name: string): Field | undefined {
  return schema.fields.get(name);
}

export function itemSchema(schema: Schema | undefined): Schema | undefined {
  return schema?.type === 'list' ? schema.items : undefined;
}
