import functionFacts from '../generated/cel-functions.json' with { type: 'json' };
import { parseType, type Type } from './types.ts';

/** One signature of a function: what it takes and gives. */
export interface Overload {
  readonly id: string;
  /** The first argument is what the function is called on. */
  readonly isMember: boolean;
  readonly args: readonly Type[];
  readonly result: Type;
  /** Names of the type parameters in it. */
  readonly params: readonly string[];
}

type Fact = [id: string, member: number, args: string[], result: string];

const facts = functionFacts as unknown as Readonly<Record<string, readonly Fact[]>>;
const made = new Map<string, readonly Overload[] | undefined>();

/**
 * Functions that only expressions may use which are stored already: an API server one version back, to which a cluster may
 * return, does not know them (k8s.io/apiserver pkg/cel/environment, compatibility version 1.36).
 */
export const storedOnly: ReadonlySet<string> = new Set(['includes']);

/** Functions for expressions that make patches. */
export const patchOnly: ReadonlySet<string> = new Set(['jsonpatch.escapeKey']);

/** The signatures that Kubernetes' environment has for a function, in the order in which they are tried. */
export function overloadsOf(name: string): readonly Overload[] | undefined {
  if (!made.has(name)) made.set(name, Object.hasOwn(facts, name) ? facts[name]?.map(overloadOf) : undefined);
  return made.get(name);
}

function overloadOf([id, member, argTexts, resultText]: Fact): Overload {
  const args = argTexts.map(parseType);
  const result = parseType(resultText);
  const params = new Set<string>();
  for (const type of [...args, result]) collectParams(type, params);
  return { id, isMember: member === 1, args, result, params: [...params] };
}

function collectParams(type: Type, into: Set<string>): void {
  if (type.kind === 'param') into.add(type.name);
  for (const param of type.params) collectParams(param, into);
}

/** Names of types that stand for themselves as values. */
const typeValues: Readonly<Record<string, Type>> = {
  ...Object.fromEntries(['bool', 'bytes', 'double', 'int', 'string', 'uint'].map((name) => [name, parseType(name)])),
  list: parseType('list(dyn)'),
  map: parseType('map(dyn, dyn)'),
  null_type: parseType('null'),
  type: { kind: 'type', name: 'type', params: [] },
  optional_type: parseType('optional_type(dyn)'),
  'google.protobuf.Timestamp': parseType('timestamp'),
  'google.protobuf.Duration': parseType('duration'),
  ...Object.fromEntries(
    [
      'net.IP',
      'net.CIDR',
      'kubernetes.Quantity',
      'kubernetes.Semver',
      'kubernetes.URL',
      'kubernetes.NamedFormat',
      ...['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
        (name) => `kubernetes.authorization.${name}`,
      ),
    ].map((name) => [name, parseType(name)]),
  ),
};

/** The type that a name says, in expressions such as `type(x) == int`. */
export function typeValue(name: string): Type | undefined {
  return Object.hasOwn(typeValues, name) ? typeValues[name] : undefined;
}
