import { type FieldError, field } from '../errors/index.ts';
import declaredRules from '../generated/declared-rules.json' with { type: 'json' };
import { semanticEqual } from '../json/index.ts';
import type { Field, ObjectSchema, Schema } from '../schema/index.ts';
import { isSameItem, isSet, ruleOf } from './rules.ts';

/** What is asked of one field, in order. */
interface FieldPlan {
  readonly field: Field;
  readonly rules: readonly { readonly stops: boolean; readonly judge: ReturnType<typeof ruleOf> }[];
  readonly keyRules: readonly ReturnType<typeof ruleOf>[];
  readonly itemRules: readonly ReturnType<typeof ruleOf>[];
  /** How items of a list find themselves in the old one; undefined: not at all. No keys: whole items are compared. */
  readonly match: readonly string[] | undefined;
  /** Plan of what is below it. */
  readonly below: Plan | undefined;
}

interface Plan {
  readonly structRules: readonly (readonly string[])[];
  readonly fields: readonly FieldPlan[];
}

const rulesOf: Readonly<Record<string, string>> = declaredRules;
const definitionPrefix = /^io\.k8s\.(?:api|apimachinery\.pkg\.apis)\./;

const plans = new WeakMap<ObjectSchema, { plan: Plan | undefined }>();

/** The plan of a type; undefined where nothing is declared for it and what it contains. */
function planOf(schema: ObjectSchema): Plan | undefined {
  const known = plans.get(schema);
  if (known !== undefined) return known.plan;
  // Known before its fields are: some types contain themselves.
  const entry: { plan: Plan | undefined } = { plan: undefined };
  plans.set(schema, entry);
  const lines = (rulesOf[schema.name?.replace(definitionPrefix, '') ?? ''] ?? '')
    .split('\n')
    .filter((line) => line !== '');
  const byField = new Map(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.split(' ').slice(1)]));
  const structRules = lines.filter((line) => line.startsWith('@')).map((line) => line.split(' '));
  const fields = [...schema.fields.values()]
    .filter(({ name }) => name !== 'metadata')
    .flatMap((each) => fieldPlan(each, byField.get(each.name) ?? []) ?? []);
  if (structRules.length + fields.length > 0) entry.plan = { structRules, fields };
  return entry.plan;
}

function fieldPlan(described: Field, texts: readonly string[]): FieldPlan | undefined {
  const below = structBelow(described.schema);
  const plan = below === undefined ? undefined : planOf(below);
  if (texts.length === 0 && plan === undefined) return undefined;
  const own = texts.filter((text) => !/^(each\.|key\.|match)/.test(text));
  const match = texts.find((text) => text.startsWith('match'));
  return {
    field: described,
    rules: own.map((text) => ({ stops: text.endsWith('!'), judge: ruleOf(text.replace(/!$/, '')) })),
    keyRules: texts.filter((text) => text.startsWith('key.')).map((text) => ruleOf(text.slice('key.'.length))),
    itemRules: texts.filter((text) => text.startsWith('each.')).map((text) => ruleOf(text.slice('each.'.length))),
    match: match?.split('=')[1]?.split(',') ?? (match === undefined ? undefined : []),
    below: plan,
  };
}

function structBelow(schema: Schema): ObjectSchema | undefined {
  if (schema.type === 'object') return schema;
  if (schema.type === 'list') return structBelow(schema.items);
  return schema.type === 'map' ? structBelow(schema.values) : undefined;
}

/**
 * Judges an object by the rules that Kubernetes declares with its types (KEP-5073; `generated/declared-rules.json`). On an
 * update, what did not change is not judged again. `old` is undefined on a create.
 */
export function validateDeclared(object: object, old: object | undefined, schema: ObjectSchema): FieldError[] {
  const plan = planOf(schema);
  if (plan === undefined) return [];
  const errors: FieldError[] = [];
  judgeStruct(plan, object, old, '', old !== undefined, errors);
  return errors;
}

type Struct = Readonly<Record<string, unknown>>;

function judgeStruct(
  plan: Plan,
  value: unknown,
  old: unknown,
  path: string,
  isUpdate: boolean,
  errors: FieldError[],
): void {
  const [object, before] = [(value ?? {}) as Struct, old as Struct | undefined | null];
  for (const rule of plan.structRules) errors.push(...judgeWhole(rule, object, before ?? undefined, path));
  for (const each of plan.fields) {
    const { name } = each.field;
    const at = path === '' ? name : `${path}.${name}`;
    judgeField(each, object[name], before?.[name], before !== undefined && before !== null, at, isUpdate, errors);
  }
}

function judgeField(
  plan: FieldPlan,
  value: unknown,
  old: unknown,
  hasOld: boolean,
  path: string,
  isUpdate: boolean,
  errors: FieldError[],
): void {
  if (hasOld && semanticEqual(value, old)) return;
  const judged = { path, value, old, isUpdate, field: plan.field };
  let stopped = false;
  for (const { stops, judge } of plan.rules) {
    // Those that stop come first; all of them are asked.
    if (stopped && !stops) break;
    const found = judge(judged);
    if (found !== 'stop') errors.push(...found);
    if (stops && (found === 'stop' || found.length > 0)) stopped = true;
  }
  if (!stopped) judgeBelow(plan, value, old, path, isUpdate, errors);
}

function judgeBelow(
  plan: FieldPlan,
  value: unknown,
  old: unknown,
  path: string,
  isUpdate: boolean,
  errors: FieldError[],
): void {
  const { schema } = plan.field;
  if (schema.type === 'list') {
    for (const [index, item] of (Array.isArray(value) ? value : []).entries()) {
      const before = plan.match === undefined ? undefined : matching(item, old, plan.match);
      if (before === undefined || !semanticEqual(item, before))
        judgeItem(plan, item, before, `${path}[${index}]`, isUpdate, errors);
    }
  } else if (schema.type === 'map') {
    for (const [key, item] of Object.entries((value ?? {}) as Struct)) {
      const before = (old as Struct | undefined)?.[key];
      if (before === undefined)
        for (const rule of plan.keyRules)
          push(errors, rule({ path, value: key, old: undefined, isUpdate, field: undefined }));
      if (before === undefined || !semanticEqual(item, before))
        judgeItem(plan, item, before, `${path}[${key}]`, isUpdate, errors);
    }
  } else if (plan.below !== undefined && value !== undefined && value !== null) {
    judgeStruct(plan.below, value, old, path, isUpdate, errors);
  }
}

function judgeItem(
  plan: FieldPlan,
  item: unknown,
  before: unknown,
  path: string,
  isUpdate: boolean,
  errors: FieldError[],
): void {
  for (const rule of plan.itemRules) push(errors, rule({ path, value: item, old: before, isUpdate, field: undefined }));
  if (plan.below !== undefined) judgeStruct(plan.below, item, before, path, isUpdate, errors);
}

function push(errors: FieldError[], found: readonly FieldError[] | 'stop'): void {
  if (found !== 'stop') errors.push(...found);
}

function matching(item: unknown, old: unknown, keys: readonly string[]): unknown {
  return Array.isArray(old) ? old.find((other) => isSameItem(item, other, keys)) : undefined;
}

/** A rule of the object itself: which of its members are there. */
function judgeWhole(
  [name, ...words]: readonly string[],
  object: Struct,
  old: Struct | undefined,
  path: string,
): FieldError[] {
  if (name === '@when') return judgeDiscriminated(words, object, old, path);
  const members = (words[0] ?? '').split(',');
  const present = (of: Struct) => members.filter((member) => isSet(of[member], { pointer: true }));
  const specified = present(object);
  if (old !== undefined && present(old).join() === specified.join()) return [];
  const all = members.map((member) => `\`${member}\``).join(', ');
  if (specified.length > 1) {
    const most = name === '@oneOf' ? 'exactly' : 'at most';
    return [field.invalid(path, `{${specified.join(', ')}}`, `must specify ${most} one of: ${all}`)];
  }
  if (specified.length > 0 || name !== '@oneOf') return [];
  return [field.invalid(path, '', `must specify one of: ${all}`)];
}

/** `type Queue queuing required`: the member belongs to this value alone. */
function judgeDiscriminated(
  words: readonly string[],
  object: Struct,
  old: Struct | undefined,
  path: string,
): FieldError[] {
  const [discriminator = '', wanted = '', member = '', rule = ''] = words;
  const value = object[discriminator] ?? '';
  if (old !== undefined && (old[discriminator] ?? '') === value && semanticEqual(old[member], object[member]))
    return [];
  const at = path === '' ? member : `${path}.${member}`;
  const there = isSet(object[member], { pointer: true });
  if (value !== wanted) return there ? [field.forbidden(at, '')] : [];
  return rule === 'required' && !there ? [field.required(at)] : [];
}

/**
 * Findings of rules written by hand together with those of declared ones, which come last. Where both find the same fault of
 * the same field, the declared finding counts (apiserver/pkg/registry/rest `FilterCoveredHandwrittenErrors`).
 */
export function mergeFindings(written: readonly FieldError[], declared: readonly FieldError[]): readonly FieldError[] {
  if (declared.length === 0) return written;
  const covered = new Set(declared.map(({ type, field: path }) => `${type} ${path}`));
  return [...written.filter(({ type, field: path }) => !covered.has(`${type} ${path}`)), ...declared];
}
