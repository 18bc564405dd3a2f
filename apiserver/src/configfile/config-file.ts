import { readFile } from 'node:fs/promises';
import { badRequest, type FieldError, invalid, textOfError } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import { type ObjectSchema, parseGroupVersion } from '@coracle/apimachinery/schema';
import { checkObject, strictDecodingError } from '@coracle/apimachinery/structural';
import { load } from 'js-yaml';

/** One kind of configuration file. */
export interface ConfigKind<T> {
  /** The first one is what messages recommend. */
  readonly apiVersions: readonly string[];
  readonly kind: string;
  readonly schema: ObjectSchema;
  /** Findings beyond the shape. */
  validate(config: T): readonly FieldError[];
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw badRequest(`${path}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? textOfError(error)}`);
  }
}

/**
 * A configuration file's content, YAML or JSON, checked. Throws a StatusError whose message names the file and the field,
 * and says what would do.
 */
export function parseConfig<T>(path: string, content: string, expected: ConfigKind<T>): T {
  const value = parseYaml(path, content);
  if (!isObject(value)) throw badRequest(`${path}: a mapping with apiVersion and kind is expected`);
  const { apiVersion, kind } = value;
  if (kind !== expected.kind || !expected.apiVersions.includes(String(apiVersion))) {
    const found = `apiVersion ${JSON.stringify(apiVersion ?? '')} and kind ${JSON.stringify(kind ?? '')}`;
    throw badRequest(
      `${path}: has ${found}: apiVersion: ${expected.apiVersions[0]}, kind: ${expected.kind} is expected`,
    );
  }
  let decoded: ReturnType<typeof checkObject>;
  try {
    decoded = checkObject(value, expected.schema);
  } catch (error) {
    throw badRequest(`${path}: ${textOfError(error)}`);
  }
  if (decoded.strictErrors.length > 0) throw badRequest(`${path}: ${strictDecodingError(decoded.strictErrors)}`);
  const config = decoded.object as T;
  const errors = expected.validate(config);
  if (errors.length === 0) return config;
  throw invalid({ group: parseGroupVersion(String(apiVersion)).group, kind: expected.kind }, path, errors);
}

/** A file's content, YAML or JSON, decoded. Throws a StatusError that names the file where it is neither. */
export function parseYaml(path: string, content: string): unknown {
  try {
    return load(content);
  } catch (error) {
    throw badRequest(`${path}: ${textOfError(error).split('\n')[0]}`);
  }
}
