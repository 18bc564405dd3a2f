import { type FieldError, field } from '@coracle/apimachinery/errors';
import { byteLength, cIdentifier, dns1123Label, dns1123Subdomain } from '@coracle/apimachinery/validation';
import { driverNameBytesMax, driverNameErrors } from '../shared/driver-name.ts';

const poolNameBytesMax = 253;

export function validatePoolName(name: string, path: string): FieldError[] {
  if (name === '') return [field.required(path)];
  const errors = byteLength(name) > poolNameBytesMax ? [field.tooLong(path, poolNameBytesMax)] : [];
  return [
    ...errors,
    ...name.split('/').flatMap((part) => dns1123Subdomain(part).map((text) => field.invalid(path, part, text))),
  ];
}

/** Name of a request, a device or a set of counters. */
export function validateLabelName(name: string | undefined, path: string): FieldError[] {
  return dns1123Label(name ?? '').map((text) => field.invalid(path, name ?? '', text));
}

const identifierBytesMax = 32;

/** Bytes of a domain, a slash and an identifier. */
export const qualifiedNameBytesMax = driverNameBytesMax + 1 + identifierBytesMax;

/** Name of an attribute or a capacity, `id` or `domain/id`; upstream takes one with more slashes as it is. */
export function validateQualifiedName(name: string, path: string): FieldError[] {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) return [];
  if (second === undefined) return validateIdentifier(first, path);
  return [
    ...(first === '' ? [field.invalid(path, '', 'the domain must not be empty')] : driverNameErrors(first, path)),
    ...(second === '' ? [field.invalid(path, '', 'the name must not be empty')] : validateIdentifier(second, path)),
  ];
}

function validateIdentifier(id: string, path: string): FieldError[] {
  const errors = byteLength(id) > identifierBytesMax ? [field.tooLong(path, identifierBytesMax)] : [];
  return [...errors, ...cIdentifier(id).map((text) => field.invalid(path, id, text))];
}
