import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiPackage } from './packages.ts';
import { moduleFolder } from './packages.ts';

/**
 * The validation rules that Kubernetes declares with its types (KEP-5073), by definition: lines of `<field> <rule>…`, in the
 * order in which they are judged. A line that starts with `@` is a rule of the object itself. Rules: `required`, `optional`,
 * `forbidden`, `immutable`, `noModify`, `maxItems=N`, `maxBytes=N`, `maxLength=N`, `minimum=N`, `maximum=N`, `format=F`,
 * `enum=A,B`, `unique[=keys]`, `match[=keys]` (how items of a new list find themselves in the old one), `each.<rule>`,
 * `key.<rule>`. A `!` after the rule: where it finds something, the rules after it are not asked.
 */
export function readDeclaredRules(packages: readonly ApiPackage[]): Map<string, readonly string[]> {
  const rules = new Map<string, readonly string[]>();
  for (const api of packages) {
    for (const file of filesOf(api)) {
      for (const [type, lines] of readFile(readFileSync(file, 'utf8'), enumsOf(api))) {
        if (lines.length > 0) rules.set(`${api.name}.${type}`, lines);
      }
    }
  }
  return rules;
}

function filesOf({ group, version, importPath, folder }: ApiPackage): string[] {
  if (group === undefined || !importPath.startsWith('k8s.io/api/')) return [];
  const name = importPath.split('/').at(-2) ?? '';
  const inside = path.join(moduleFolder('kubernetes'), 'pkg/apis', name, version, 'zz_generated.validations.go');
  return [inside, path.join(folder, 'zz_generated.validations.go')].filter((file) => existsSync(file));
}

/** Values of the string constants of a package, also of those that name another constant. */
function enumsOf({ folder }: ApiPackage): ReadonlyMap<string, string> {
  const text = existsSync(path.join(folder, 'types.go')) ? readFileSync(path.join(folder, 'types.go'), 'utf8') : '';
  const plain = text.matchAll(/^\s*(?:const )?(\w+)(?:\s+[\w.]+)?\s*=\s*(?:\w+\()?"([^"]*)"\)?/gm);
  const values = new Map([...plain].map(([, name = '', value = '']) => [name, value]));
  for (const [, name = '', other = ''] of text.matchAll(/^\s*(\w+)\s*=\s*\w+\(v1\.(\w+)\)/gm)) {
    values.set(name, other.replace(/Protocol$/, ''));
  }
  return values;
}

/** Gates whose rules hold: those that 1.37 has on by default. */
const options: Readonly<Record<string, boolean>> = {
  HPAScaleToZero: true,
  WorkloadWithJob: false,
  DRAPartitionableDevicesType: false,
  InPlacePodVerticalScalingSchedulerPreemption: false,
};

const functionStart = /^func Validate_(\w+)\($/;

function readFile(text: string, constants: ReadonlyMap<string, string>): Map<string, string[]> {
  const enums = new Map<string, string>();
  for (const [, name = '', list = ''] of text.matchAll(/^var (symbolsFor\w+) = sets\.New\((.*)\)$/gm)) {
    const values = list.split(', ').map((symbol) => {
      const value = constants.get(symbol.split('.').at(-1) ?? '');
      if (value === undefined) throw new Error(`the value of ${symbol} is not found`);
      return value;
    });
    enums.set(name, values.sort().join(','));
  }
  const unions = new Map<string, string>();
  for (const [, name = '', list = ''] of text.matchAll(
    /^var (\w*MembershipFor_\w+) = validate\.NewUnionMembership\((.*)\)$/gm,
  )) {
    unions.set(name, [...list.matchAll(/NewUnionMember\("([^"]*)"\)/g)].map(([, member]) => member).join(','));
  }
  const functions = bodiesOf(text);
  const scalars = new Map<string, string>();
  for (const [type, body] of functions) {
    const symbols = /validate\.Enum\(ctx, op, fldPath, obj, oldObj, (symbolsFor\w+)/.exec(body)?.[1];
    if (symbols !== undefined && !body.includes('MarkAlpha')) scalars.set(type, `enum=${enums.get(symbols)}`);
  }
  return new Map([...functions].map(([type, body]) => [type, linesOf(body, scalars, unions)]));
}

/** Bodies of the `Validate_…` functions by type. */
function bodiesOf(text: string): Map<string, string> {
  const bodies = new Map<string, string>();
  let name: string | undefined;
  let body: string[] = [];
  for (const line of text.split('\n')) {
    const start = functionStart.exec(line);
    if (start) [name, body] = [start[1], []];
    else if (line === '}' && name !== undefined) {
      bodies.set(name, body.join('\n'));
      name = undefined;
    } else if (name !== undefined) body.push(line);
  }
  return bodies;
}

function linesOf(body: string, scalars: ReadonlyMap<string, string>, unions: ReadonlyMap<string, string>): string[] {
  const blocks = body.split(/^\t\{ \/\/ field /m);
  const lines = structRules(blocks[0] ?? '', unions);
  for (const block of blocks.slice(1)) {
    const name = /fn\(fldPath\.Child\("([^"]+)"\)/.exec(block)?.[1];
    if (name === undefined || name === 'metadata') continue;
    const rules = fieldRules(block.split('oldVal := safe.Field')[0] ?? '', scalars);
    if (rules.length > 0) lines.push([name, ...rules].join(' '));
  }
  return lines;
}

/** Rules of the object itself. */
function structRules(head: string, unions: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  for (const statement of head.split(/^\tif e := /m).slice(1)) {
    if (statement.includes('MarkAlpha')) continue;
    const name = /^validate\.(\w+)\(/.exec(statement)?.[1] ?? '';
    const texts = [...statement.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
    if (name === 'Union' || name === 'ZeroOrOneOfUnion') {
      const members = unions.get(/(\w*MembershipFor_\w+)/.exec(statement)?.[1] ?? '');
      lines.push(`@${name === 'Union' ? 'oneOf' : 'atMostOneOf'} ${members}`);
    } else if (name === 'DependentRequired') lines.push(`@dependentRequired ${texts.join(' ')}`);
    else if (name === 'DependentForbidden') lines.push(`@dependentForbidden ${texts.join(' ')}`);
    else if (name === 'Discriminated') lines.push(discriminated(statement, texts[0] ?? ''));
  }
  return lines;
}

/** `@when type=Queue required limited`: for other values the member is forbidden. */
function discriminated(statement: string, member: string): string {
  const value = /Value: "([^"]*)"/.exec(statement)?.[1];
  const rule = statement.includes('RequiredPointer') ? 'required' : 'optional';
  const discriminator = /return obj\.(\w+)\s*\}, validate|return obj\.(\w+)\n?\s*\},\s*validate/.exec(statement);
  const field = discriminator?.[1] ?? discriminator?.[2] ?? 'Type';
  return `@when ${field[0]?.toLowerCase()}${field.slice(1)} ${value} ${member} ${rule}`;
}

/** Upstream's own functions, rules of names, and one of list items: those are written by hand here too. */
const handWritten = /^(?:ValidateCustom_|validate\.(?:Subfield|ZeroOrOneOfUnion))/;

function fieldRules(block: string, scalars: ReadonlyMap<string, string>): string[] {
  const rules: string[] = [];
  const statements = block.split(/^\s*(?:if e := |errs = append\(errs, (?=[\w.]*Validate_))/m).slice(1);
  for (const statement of statements) {
    const end = statement.search(/; len\(e\)|\.\.\.\)/);
    const call = end < 0 ? statement : statement.slice(0, end);
    if (call.includes('MarkAlpha()') || handWritten.test(call)) continue;
    const short = call.includes('MarkShortCircuit') ? '!' : '';
    for (const rule of ruleOf(call, scalars)) rules.push(`${rule}${short}`);
  }
  return rules;
}

const simple: Readonly<Record<string, string>> = {
  RequiredValue: 'required',
  RequiredPointer: 'required',
  RequiredSlice: 'required',
  RequiredMap: 'required',
  OptionalValue: 'optional',
  OptionalPointer: 'optional',
  OptionalSlice: 'optional',
  OptionalMap: 'optional',
  ForbiddenValue: 'forbidden',
  ForbiddenPointer: 'forbidden',
  ForbiddenSlice: 'forbidden',
  Immutable: 'immutable',
  ShortName: 'format=short-name',
  LongName: 'format=long-name',
  LongNameCaseless: 'format=long-name-caseless',
  LabelKey: 'format=label-key',
  PrefixedLabelKey: 'format=prefixed-label-key',
  UUID: 'format=uuid',
  ResourcePoolName: 'format=resource-pool-name',
  ResourceFullyQualifiedName: 'format=resource-fully-qualified-name',
  ExtendedResourceName: 'format=extended-resource-name',
};

const withNumber: Readonly<Record<string, string>> = {
  MaxItems: 'maxItems',
  MaxBytes: 'maxBytes',
  MaxLength: 'maxLength',
  Minimum: 'minimum',
  Maximum: 'maximum',
};

function ruleOf(call: string, scalars: ReadonlyMap<string, string>): string[] {
  const typeCall = /^(?:\w+\.)?Validate_(\w+)\(/.exec(call);
  if (typeCall) return scalars.get(typeCall[1] ?? '') === undefined ? [] : [scalars.get(typeCall[1] ?? '') as string];
  const name = /^validate\.(\w+)\(/.exec(call)?.[1] ?? '';
  const args = call.slice(call.indexOf('oldObj') + 'oldObj'.length);
  if (name === 'IfOption') return conditional(args, scalars);
  if (name === 'UpdatePointer' || name === 'UpdateValueByCompare') {
    return [...args.matchAll(/validate\.No(\w+)/g)].map(([, what]) => `no${what}`);
  }
  if (name in withNumber) return [`${withNumber[name]}=${/, (-?\d+)/.exec(args)?.[1]}`];
  if (name === 'ValSliceUnique') return [`unique${keysOf(args)}`];
  if (name === 'EachValSliceVal' || name === 'EachMapVal')
    return [...matchOf(args), ...inner(args, scalars).map((rule) => `each.${rule}`)];
  if (name === 'EachMapKey') return inner(args, scalars).map((rule) => `key.${rule}`);
  const rule = simple[name];
  if (rule === undefined) throw new Error(`there is no rule for validate.${name}: ${call.slice(0, 200)}`);
  return [rule];
}

function conditional(args: string, scalars: ReadonlyMap<string, string>): string[] {
  const [, option = '', wanted = ''] = /"(\w+)", (true|false)/.exec(args) ?? [];
  if (options[option] === undefined) throw new Error(`is the option ${option} on?`);
  return options[option] === (wanted === 'true') ? inner(args, scalars) : [];
}

/** The validator that is handed to another one, at the end of its arguments. */
function inner(args: string, scalars: ReadonlyMap<string, string>): string[] {
  const calls = [
    ...args.matchAll(
      /(?:validate\.([A-Z]\w+)|(?:\w+\.)?Validate_(\w+))(\(ctx, op, fldPath, obj, oldObj(?:, -?\d+)?\))?/g,
    ),
  ];
  const last = calls.filter(([, name = '']) => name !== 'DirectEqual' && name !== 'SemanticDeepEqual').at(-1);
  if (last === undefined) return [];
  const [, name, type, parameters = '(ctx, op, fldPath, obj, oldObj)'] = last;
  return ruleOf(type === undefined ? `validate.${name}${parameters}` : `Validate_${type}(`, scalars);
}

/** `=name,driver`; nothing where whole items are compared. */
function keysOf(args: string): string {
  const head = args.split(/validate\.SemanticDeepEqual|Validate_/)[0] ?? '';
  const keys = [...head.matchAll(/\ba\.(\w+)(?:\.\w+)? == b\./g), ...head.matchAll(/DirectEqual\(a\.(\w+), b/g)].map(
    ([, key = '']) =>
      key === 'UID' ? 'uid' : key === 'ShareID' ? 'shareID' : `${key[0]?.toLowerCase()}${key.slice(1)}`,
  );
  return keys.length === 0 ? '' : `=${[...new Set(keys)].join(',')}`;
}

function matchOf(args: string): string[] {
  if (args.startsWith(', nil, nil')) return [];
  return [`match${keysOf(args)}`];
}
