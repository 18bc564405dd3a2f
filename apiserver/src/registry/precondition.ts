/** In the words of upstream's store; `found` is empty where there is no object. */
export function failedPrecondition(
  label: 'UID' | 'ResourceVersion',
  wanted: string,
  found: string,
  failed = 'Precondition failed',
): string {
  return `${failed}: ${label} in precondition: ${wanted}, ${label} in object meta: ${found}`;
}
