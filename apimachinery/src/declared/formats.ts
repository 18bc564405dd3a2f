import { type FieldError, field } from '../errors/index.ts';
import {
  byteLength,
  cIdentifier,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainCaseless,
  qualifiedName,
} from '../validation/index.ts';

/** Findings about a text that must have a declared format (apimachinery/pkg/api/validate/strfmt.go). */
export type Format = (value: string, path: string) => FieldError[];

const byRule =
  (rule: (value: string) => readonly string[], head = ''): Format =>
  (value, path) =>
    rule(value).map((text) => field.invalid(path, value, `${head}${text.replace(/ characters$/, ' bytes')}`));

const longName = byRule(dns1123Subdomain);

/** Formats by the name that the generated rules have for them. */
export const formats: Readonly<Record<string, Format>> = {
  'short-name': byRule(dns1123Label),
  'long-name': longName,
  'long-name-caseless': byRule(dns1123SubdomainCaseless),
  'label-key': byRule(qualifiedName),
  'prefixed-label-key': byRule(qualifiedName),
  uuid: (value, path) =>
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(value)
      ? []
      : [field.invalid(path, value, 'must be a lowercase UUID in 8-4-4-4-12 format')],
  'resource-pool-name': resourcePoolName,
  'resource-fully-qualified-name': fullyQualifiedName,
  'extended-resource-name': extendedResourceName,
};

const poolNameBytesMax = 253;

function resourcePoolName(value: string, path: string): FieldError[] {
  const errors = byteLength(value) > poolNameBytesMax ? [field.tooLong(path, poolNameBytesMax)] : [];
  for (const [index, part] of value.split('/').entries()) {
    if (part === '') errors.push(field.invalid(path, value, `segment ${index}: must not be empty`));
    else errors.push(...byRule(dns1123Subdomain, `segment ${index}: `)(part, path));
  }
  return errors;
}

const domainBytesMax = 63;
const identifierBytesMax = 32;

function identifier(value: string, path: string): FieldError[] {
  const errors = byteLength(value) > identifierBytesMax ? [field.tooLong(path, identifierBytesMax)] : [];
  return [...errors, ...byRule(cIdentifier)(value, path)];
}

/** `domain/name` of a device attribute. */
function fullyQualifiedName(value: string, path: string): FieldError[] {
  const parts = value.split('/');
  const [first = '', second = ''] = parts;
  const errors: FieldError[] = [];
  if (parts.length === 1) errors.push(...identifier(first, path));
  if (parts.length === 2) {
    if (first === '') errors.push(field.invalid(path, '', 'prefix must not be empty'));
    else {
      if (byteLength(first) > domainBytesMax) errors.push(field.tooLong(path, domainBytesMax));
      errors.push(...byRule(dns1123Subdomain, 'prefix: ')(first, path));
    }
    if (second === '') errors.push(field.invalid(path, '', 'name must not be empty'));
    else errors.push(...identifier(second, path));
  }
  if (parts.length === 1) {
    const text = 'a fully qualified name must be a domain and a name separated by a slash';
    errors.push(field.invalid(path, value, text));
  }
  return errors;
}

function extendedResourceName(value: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!value.includes('/')) {
    errors.push(field.invalid(path, value, "a name must be a domain-prefixed path, such as 'example.com/my-prop'"));
  } else if (value.includes('kubernetes.io/')) {
    errors.push(field.invalid(path, value, 'must not have "kubernetes.io/" domain'));
  }
  if (value.startsWith('requests.')) errors.push(field.invalid(path, value, 'must not have "requests." prefix'));
  errors.push(...qualifiedName(`requests.${value}`).map((text) => field.invalid(path, value, text)));
  return errors;
}
