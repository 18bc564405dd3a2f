import { type FieldError, field } from '@coracle/apimachinery/errors';

const shortNames: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];
const supported = shortNames.map(([mode]) => mode).sort();

/** `RWO,ROX`: always in this order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return shortNames.flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : [])).join(',');
}

/** At least one, all known, and ReadWriteOncePod alone. */
export function accessModeErrors(modes: readonly string[] | undefined, path: string, missing: string): FieldError[] {
  if (!modes?.length) return [field.required(path, missing)];
  const errors = modes.flatMap((mode) => (supported.includes(mode) ? [] : [field.notSupported(path, mode, supported)]));
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && supported.includes(mode));
  if (others && modes.includes('ReadWriteOncePod')) {
    errors.push(field.forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

export const volumeModes: readonly string[] = ['Block', 'Filesystem'];
