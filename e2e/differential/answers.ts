import type { ApiAnswer } from '../support/index.ts';
import type { Json } from './edits.ts';

/** An answer with everything taken out that two servers never have in common. */
export interface ComparableAnswer {
  readonly status: number;
  /** Texts of the Warning headers, in order. */
  readonly warnings: readonly string[];
  readonly body: unknown;
}

export function parsedBody(answer: ApiAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString());
  } catch {
    return answer.body.toString();
  }
}

/**
 * Uids, resource versions, times of today, allocated addresses and ports, random suffixes of names and ages become words;
 * managed fields are sorted, as their order hangs on the second they were written in; descriptions of table columns go:
 * they are prose, which this project words itself. Key of a store, order of rules of a review and of problems of a configuration are by
 * chance upstream, and so is whether a list of custom resources says that it does not continue. In
 * messages, structs (upstream shows its internal Go types) and the diffs of such structs go.
 */
export function comparable(answer: ApiAnswer): ComparableAnswer {
  const warning = answer.headers['warning'];
  const text = Array.isArray(warning) ? warning.join(', ') : (warning ?? '');
  const warnings = text === '' ? [] : text.split(/, (?=299 )/).map((each) => withoutChance(each));
  return { status: answer.status, warnings, body: normalised(parsedBody(answer), '') };
}

function normalised(value: unknown, key: string): unknown {
  if (key === 'items' && value === null) return [];
  if (typeof value === 'string') return normalText(value, key);
  if (typeof value === 'number') return normalNumber(value, key);
  if (Array.isArray(value)) {
    return key === 'managedFields'
      ? normalManagers(value)
      : value.map((item) => normalised(item, key === 'cells' ? 'cell' : key));
  }
  if (typeof value !== 'object' || value === null) return value;
  const object = normalNames(value as Json);
  if (typeof object['kind'] === 'string' && object['kind'].endsWith('List') && Array.isArray(object['items'])) {
    const kind = object['kind'].replace(/List$/, '');
    if (settledLater.has(kind)) for (const item of object['items'] as Json[]) forgetStatus(item);
  }
  if (object['continue'] === '') delete object['continue'];
  if (key === 'columnDefinitions') delete object['description'];
  if (object['kind'] === 'SelfSubjectRulesReview') object['status'] = sortedRules(object['status'] as Json | undefined);
  if (typeof object['kind'] === 'string' && settledLater.has(object['kind'])) forgetStatus(object);
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((name) => [name, normalised(object[name], name)]),
  );
}

/** Kinds whose status upstream writes in loops of its own, sooner or later after each write. */
const settledLater: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'APIService', 'FlowSchema']);

function forgetStatus(object: Json): void {
  delete object['status'];
  const metadata = object['metadata'] as { managedFields?: { manager?: string }[] } | undefined;
  if (metadata?.managedFields === undefined) return;
  const others = metadata.managedFields.filter(({ manager }) => !serverManagers.has(manager ?? ''));
  object['metadata'] = { ...metadata, managedFields: others };
}

const serverManagers: ReadonlySet<string> = new Set([
  'kube-apiserver',
  'api-priority-and-fairness-config-consumer-v1',
  'coracle',
]);

function normalText(text: string, key: string): string {
  if (key === 'resourceVersion' && /^\d+$/.test(text)) return text === '' ? '' : '<version>';
  if (key === 'continue' && text.length > 20) return '<continue>';
  if (key === 'cell' && /^(\d+[smh]){1,2}$/.test(text)) return '<age>';
  return withoutChance(text);
}

/** Names of today's times, uids, versions and allocations in any text. */
function withoutChance(text: string): string {
  const replaced = text
    .replaceAll(quotedJson, (_, json: string) => `value: ${sortedJson(json)}`)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
    .replaceAll(/\b20(2[6-9]|[3-9]\d)-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, '<time>')
    .replaceAll(/\b20(2[6-9]|[3-9]\d)-\d\d-\d\d [\d:.]+ \+0000 UTC( m=\S+)?/g, '<time>')
    .replaceAll(/\b10\.(9[6-9]|10\d|11[01])\.\d+\.\d+\b/g, '<address>')
    .replaceAll(/\b(3[0-2]\d{3})\b/g, (port) => (Number(port) >= 30_000 && Number(port) <= 32_767 ? '<port>' : port))
    .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<random>')
    .replaceAll(
      /\b(made-|Bad_|x{58}|x(?=[bcdfghjklmnpqrstvwxz2456789]{5}\b))[bcdfghjklmnpqrstvwxz2456789]{5}\b/g,
      '$1<random>',
    )
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
    .replaceAll(
      /(in record \()\d+|(resourceVersion\\?":\\?")\d+|(ResourceVersion in object meta: )\d+/g,
      '$1$2$3<version>',
    )
    .replaceAll(/0x[0-9a-f]{6,}/g, '<pointer>')
    .replaceAll(/errors:(\n  [^\n]+)+/g, (lines) => lines.split('\n').sort().join('\n'))
    .replaceAll(/\n(?:@@[^\n]*\n(?:[ +-][^\n]*\n?)*)+/g, '')
    .replaceAll(/\n(?=$|, |\])/g, '')
    .replaceAll(/Key: (\/registry)?\//g, 'Key: /');
  return withoutStructs(replaced);
}

/** An object as a patch would make it, as text: Go sorts the fields of some of its levels. */
const quotedJson = /value: "(\{\\"(?:[^"\\]|\\.)*\})"/g;

function sortedJson(text: string): string {
  try {
    return `"${JSON.stringify(normalised(JSON.parse(JSON.parse(`"${text}"`) as string), '')).replaceAll(/[{}[\]]/g, '|')}"`;
  } catch {
    return `"${text}"`;
  }
}

/** The text with every `value: {…}` and `value: […]` as one word; linear, also where brackets do not match. */
function withoutStructs(text: string): string {
  let result = '';
  let rest = text;
  for (let start = rest.search(/value: [{[]/); start >= 0; start = rest.search(/value: [{[]/)) {
    const open = start + 'value: '.length;
    let depth = 0;
    let end = open;
    do {
      const character = rest[end++];
      if (character === '{' || character === '[') depth++;
      else if (character === '}' || character === ']') depth--;
    } while (depth > 0 && end < rest.length);
    // What does not close is no struct: it stays to be compared.
    if (depth > 0) break;
    result += `${rest.slice(0, open)}<struct>`;
    rest = rest.slice(end);
  }
  return result + rest;
}

/** Rules of a review, by their text. */
function sortedRules(status: Json = {}): Json {
  const sorted = (rules: unknown) =>
    Array.isArray(rules) ? rules.map((rule) => JSON.stringify(normalised(rule, ''))).sort() : rules;
  return {
    ...status,
    resourceRules: sorted(status['resourceRules']),
    nonResourceRules: sorted(status['nonResourceRules']),
  };
}

function normalNumber(number: number, key: string): unknown {
  return /nodePort/i.test(key) && number >= 30_000 ? '<port>' : number;
}

/** A name that the server made from generateName. */
function normalNames(object: Json): Json {
  const { generateName, name } = object;
  const copy = { ...object };
  if (typeof generateName === 'string' && typeof name === 'string' && name.startsWith(generateName.slice(0, 58))) {
    copy['name'] = `${name.slice(0, -5)}<random>`;
  }
  return copy;
}

function normalManagers(entries: readonly unknown[]): unknown[] {
  const texts = entries.map((entry) => normalised(entry, '') as Json);
  const keyOf = ({ operation, manager, subresource = '', apiVersion }: Json) =>
    [operation, manager, subresource, apiVersion].join(' ');
  return texts.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
