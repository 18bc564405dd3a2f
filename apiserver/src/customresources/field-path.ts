import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { valuesOf } from './schema-props.ts';

const step = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/**
 * `.a['b'].c` as a path below the schema that a rule stands in, printed as upstream prints paths; undefined where the schema
 * has no such place (apiextensions `ValidFieldPath`).
 */
export function ruleFieldPath(text: string, props: JSONSchemaProps): string | undefined {
  let [at, path] = [0, ''];
  let schema: JSONSchemaProps | undefined = props;
  while (at < text.length) {
    step.lastIndex = at;
    const found = step.exec(text);
    const name = found?.[1] ?? (found?.[2] === undefined ? undefined : unescape(found[2]));
    if (found === null || name === undefined || schema === undefined) return undefined;
    const values: JSONSchemaProps | undefined = valuesOf(schema);
    if (schema.properties !== undefined) {
      schema = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      if (schema === undefined) return undefined;
      path += `.${name}`;
    } else if (values !== undefined) {
      schema = values;
      path += `[${name}]`;
    } else return undefined;
    at += found[0].length;
  }
  return path;
}

function unescape(text: string): string | undefined {
  let isFine = true;
  const result = text.replace(/\\(.)/g, (_match, letter: string) => {
    const character = escapes[letter];
    if (character === undefined) isFine = false;
    return character ?? '';
  });
  return isFine ? result : undefined;
}
