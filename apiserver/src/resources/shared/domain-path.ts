import { type FieldError, field } from '@coracle/apimachinery/errors';
import { dns1123Subdomain, pathSegmentName, regexText } from '@coracle/apimachinery/validation';

const httpPathFormat = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `acme.io/something`: who is meant, in a way that cannot clash (util/validation.IsDomainPrefixedPath). */
export function validateDomainPrefixedPath(value: string, path: string): FieldError[] {
  if (value === '') return [field.required(path)];
  const slash = value.indexOf('/');
  const host = value.slice(0, Math.max(slash, 0));
  const rest = value.slice(slash + 1);
  if (host === '' || rest === '') {
    return [field.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = dns1123Subdomain(host).map((text) => field.invalid(path, host, text));
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)) {
    errors.push(field.invalid(path, rest, regexText('Invalid path', httpPathFormat)));
  }
  return errors;
}

/** A part of a reference that must be there and be one segment of a path: kind, name, resource. */
export function validateSegment(value: string | undefined, path: string): FieldError[] {
  if (!value) return [field.required(path)];
  return pathSegmentName(value).map((text) => field.invalid(path, value, text));
}
