import { dynType, isDynOrError, sameType, type Type } from './types.ts';

/** What type parameters were found to be, by name. */
export type Substitutions = ReadonlyMap<string, Type>;

/** Replaces bound parameters; unbound ones too, by `dyn`, where asked. */
export function substitute(found: Substitutions, type: Type, unboundToDyn = false): Type {
  if (type.kind === 'param') {
    const bound = found.get(type.name);
    if (bound !== undefined) return substitute(found, bound, unboundToDyn);
    return unboundToDyn ? dynType : type;
  }
  if (type.params.length === 0) return type;
  return { ...type, params: type.params.map((param) => substitute(found, param, unboundToDyn)) };
}

/** The substitutions under which the one list of types goes with the other; undefined for none. */
export function assignAll(found: Substitutions, from: readonly Type[], to: readonly Type[]): Substitutions | undefined {
  const copy = new Map(found);
  return from.length === to.length && from.every((type, index) => assign(copy, type, to[index] as Type))
    ? copy
    : undefined;
}

/** checker/types.go internalIsAssignable */
function assign(found: Map<string, Type>, from: Type, to: Type): boolean {
  if (to.kind === 'param') {
    const [valid, bound] = bind(found, from, to);
    if (valid) return true;
    if (bound) return false;
  }
  if (from.kind === 'param') return bind(found, to, from)[0];
  if (isDynOrError(from) || isDynOrError(to)) return true;
  if (from.kind === 'null') return isNullable(to);
  if (to.kind === 'null') return isNullable(from);
  if (from.kind === 'type') return to.kind === 'type';
  if (from.kind !== to.kind || from.name !== to.name || from.params.length !== to.params.length) return false;
  return from.params.every((param, index) => assign(found, param, to.params[index] as Type));
}

const isNullable = ({ kind }: Type) => ['null', 'opaque', 'object', 'timestamp', 'duration'].includes(kind);

/** Whether the parameter may stand for the type, and whether it stood for something before. */
function bind(found: Map<string, Type>, type: Type, param: Type): [valid: boolean, bound: boolean] {
  if (sameType(type, param)) return [true, true];
  const before = found.get(param.name);
  if (before !== undefined) {
    if (sameType(type, before)) return [true, true];
    if (!assign(found, type, before)) return [false, true];
    const general = mostGeneral(type, before);
    if (!occurs(found, param, general)) found.set(param.name, general);
    return [true, true];
  }
  if (occurs(found, param, type)) return [false, false];
  found.set(param.name, type);
  return [true, false];
}

/** Whether a parameter is a part of a type: it cannot stand for what contains it. */
function occurs(found: Substitutions, param: Type, within: Type): boolean {
  if (sameType(param, within)) return true;
  if (within.kind === 'param') {
    const bound = found.get(within.name);
    return bound !== undefined && occurs(found, param, bound);
  }
  return within.params.some((each) => occurs(found, param, each));
}

export function mostGeneral(a: Type, b: Type): Type {
  return isEqualOrLessSpecific(a, b) ? a : b;
}

function isEqualOrLessSpecific(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((param, index) => isEqualOrLessSpecific(param, b.params[index] as Type));
}
