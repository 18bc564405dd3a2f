import { type FieldError, field } from '@coracle/apimachinery/errors';
import { byteLength, qualifiedName } from '@coracle/apimachinery/validation';

const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

/** Name of a volume driver: a qualified name whatever its case. */
export function validateProvisioner(provisioner: string | undefined, path: string): FieldError[] {
  if (!provisioner) return [field.required(path)];
  const name = provisioner.toLowerCase();
  return qualifiedName(name).map((text) => field.invalid(path, name, text));
}

export function validateParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  allowEmpty: boolean,
  path: string,
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > parametersMax) return [field.tooLong(path, parametersMax)];
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === '') errors.push(field.invalid(path, key, 'field can not be empty.'));
    bytes += byteLength(key) + byteLength(value);
  }
  if (bytes > parametersBytesMax) errors.push(field.tooLong(path, parametersBytesMax));
  if (!allowEmpty && entries.length === 0)
    errors.push(field.required(path, 'must contain at least one key/value pair'));
  return errors;
}
