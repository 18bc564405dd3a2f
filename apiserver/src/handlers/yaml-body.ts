import { DecodeError } from '@coracle/apimachinery/structural';
import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import { checkAliases } from './yaml-aliases.ts';

export interface YamlBody {
  readonly value: unknown;
  /** `line 9: key "foo" already set in map`, a text for each key that occurs twice. Looked for only where asked. */
  readonly duplicates: readonly string[];
}

/** With `<<`, which upstream's YAML 1.1 merges. */
const schema = CORE_SCHEMA.withTags(mergeTag);
/** More repeated keys than this are not told: a hostile body must not make a megabyte of warnings. */
const duplicatesMax = 100;
const duplicateReason = 'duplicated mapping key';
/** What upstream's strict decoder puts before the list of repeated keys. */
const errorsHead = 'yaml: unmarshal errors:\n';

/** Reads YAML as upstream does: of a key that occurs twice the last counts. Throws DecodeError for what is no YAML. */
export function parseYaml(bytes: Uint8Array, findDuplicates: boolean): YamlBody {
  const text = new TextDecoder().decode(bytes);
  try {
    const value: unknown = load(text, { json: true, schema });
    if (text.includes('&')) checkAliases(value);
    return { value, duplicates: findDuplicates ? duplicateKeys(text) : [] };
  } catch (error) {
    if (error instanceof YAMLException) throw new DecodeError(`error converting YAML to JSON: yaml: ${error.reason}`);
    throw error;
  }
}

/** All of them as the one error of a strict decoder. */
export function duplicatesError(duplicates: readonly string[]): string {
  return `${errorsHead}${duplicates.map((text) => `  ${text}`).join('\n')}`;
}

/** One warning for each repeated key; other errors stay as they are. */
export function warningsOf(strictError: string): string[] {
  return strictError.startsWith(errorsHead)
    ? strictError
        .slice(errorsHead.length)
        .split('\n')
        .map((line) => line.trim())
    : [strictError];
}

/** The parser stops at the first repeated key: that one gets another name and the text is read again. */
function duplicateKeys(text: string): string[] {
  const found: string[] = [];
  for (let rest = text; found.length < duplicatesMax; ) {
    try {
      load(rest, { schema });
      return found;
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== duplicateReason || error.mark === undefined)
        throw error;
      const { position, line } = error.mark;
      const key = /^[^"'\s:,{}[\]]*/.exec(rest.slice(position))?.[0] ?? '';
      found.push(`line ${line + 1}: key ${JSON.stringify(key)} already set in map`);
      rest = `${rest.slice(0, position)}repeated-${found.length}-${rest.slice(position)}`;
    }
  }
  return found;
}
