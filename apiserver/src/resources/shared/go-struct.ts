/**
 * An object as Go prints a struct without JSON names: `{"Type":"x","LocalhostProfile":null}`; `fields` are all its fields
 * with what an absent one shows. It has no prototype, which keeps its fields in their order where it is printed.
 */
export function goStruct<T extends object>(
  object: T,
  fields: Readonly<Partial<Record<keyof T, unknown>>>,
): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, zero]) => [
    name.charAt(0).toUpperCase() + name.slice(1),
    object[name as keyof T] ?? zero,
  ]);
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));
}
