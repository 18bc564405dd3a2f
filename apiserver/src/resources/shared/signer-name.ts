import { type FieldError, field, quote } from '@coracle/apimachinery/errors';
import { dns1123Label, dns1123Subdomain } from '@coracle/apimachinery/validation';

const domainLengthMax = 253;
const nameLengthMax = domainLengthMax + 1 + 253 + 63 + 1;

/** `example.com/signer-name` (pkg/apis/core/validation.ValidateSignerName). */
export function validateSignerName(name: string, path: string): FieldError[] {
  if (name === '') return [field.required(path)];
  const [domain = '', rest = '', ...more] = name.split('/');
  if (more.length > 0 || !name.includes('/')) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [field.invalid(path, name, text)];
  }
  const errors = domain.length > domainLengthMax ? [field.tooLong(path, domainLengthMax)] : [];
  errors.push(...validateLabels(domain, dns1123Label, path));
  if (!domain.includes('.')) {
    errors.push(field.invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...validateLabels(rest, dns1123Subdomain, path));
  if (name.length > nameLengthMax) errors.push(field.tooLong(path, nameLengthMax));
  return errors;
}

/** The findings of the first label that is no good. */
function validateLabels(text: string, rule: (label: string) => readonly string[], path: string): FieldError[] {
  for (const label of text.split('.')) {
    const problems = rule(label);
    if (problems.length === 0) continue;
    return problems.map((problem) => field.invalid(path, text, `validating label ${quote(label)}: ${problem}`));
  }
  return [];
}
