import { type FieldError, field } from '@coracle/apimachinery/errors';
import { byteLength, dns1123Subdomain } from '@coracle/apimachinery/validation';

export const driverNameBytesMax = 63;

/** Name of a CSI driver or of a driver of devices (pkg/apis/core/validation.ValidateCSIDriverName). */
export function driverNameErrors(name: string | undefined, path: string): FieldError[] {
  if (!name) return [field.required(path)];
  const errors = byteLength(name) > driverNameBytesMax ? [field.tooLong(path, driverNameBytesMax)] : [];
  return [...errors, ...dns1123Subdomain(name.toLowerCase()).map((text) => field.invalid(path, name, text))];
}
