import type { CallExpression, ComprehensionExpression, Expression, StructExpression } from './ast.ts';
import { qualifiedName } from './ast.ts';
import type { CelError } from './cel-error.ts';
import { type Overload, overloadsOf, patchOnly, storedOnly, typeValue } from './declarations.ts';
import type { CelEnvironment } from './environment.ts';
import { type Issue, issuesError } from './issues.ts';
import {
  anyType,
  boolType,
  bytesType,
  doubleType,
  dynType,
  errorType,
  formatType,
  intType,
  isDynOrError,
  isOptional,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  paramType,
  sameType,
  stringType,
  type Type,
  typeOf,
  uintType,
  withoutOptional,
} from './types.ts';
import { assignAll, mostGeneral, type Substitutions, substitute } from './unify.ts';

/** An expression whose types are known. Names of functions and types are resolved in it. */
export interface Checked {
  readonly expression: Expression;
  /** By id of the expression. */
  readonly types: ReadonlyMap<number, Type>;
  /** Of calls: ids of the signatures that may be meant. */
  readonly overloads: ReadonlyMap<number, readonly string[]>;
  readonly type: Type;
}

/** Finds the types of an expression, as cel-go's checker does. Throws CelError with every issue. */
export function check(source: string, expression: Expression, environment: CelEnvironment): Checked {
  const checker = new Checker(environment);
  const resolved = checker.check(expression);
  if (checker.issues.length > 0) throw failure(source, checker.issues);
  const types = new Map<number, Type>();
  for (const [id, type] of checker.types) types.set(id, substitute(checker.substitutions, type, true));
  const type = types.get(resolved.id) ?? dynType;
  return { expression: resolved, types, overloads: checker.overloads, type };
}

const failure = (source: string, issues: readonly Issue[]): CelError => issuesError(source, issues);

const literalTypes = {
  null: nullType,
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
} as const;

interface Scope {
  readonly names: ReadonlyMap<string, Type>;
  readonly parent: Scope | undefined;
}

class Checker {
  readonly issues: Issue[] = [];
  readonly types = new Map<number, Type>();
  readonly overloads = new Map<number, readonly string[]>();
  substitutions: Substitutions = new Map();
  readonly #environment: CelEnvironment;
  #scope: Scope | undefined;
  #variables = 0;

  constructor(environment: CelEnvironment) {
    this.#environment = environment;
  }

  check(expression: Expression): Expression {
    switch (expression.type) {
      case 'literal':
        return this.#typed(expression, literalTypes[expression.value.kind]);
      case 'identifier': {
        const type = this.#resolve(expression.name);
        if (type === undefined) this.#undeclared(expression, expression.name);
        return this.#typed({ ...expression, name: expression.name.replace(/^\./, '') }, type ?? errorType);
      }
      case 'select':
        return this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression);
      case 'map':
        return this.#map(expression);
      case 'struct':
        return this.#struct(expression);
      case 'comprehension':
        return this.#comprehension(expression);
    }
  }

  #typed<E extends Expression>(expression: E, type: Type): E {
    this.types.set(expression.id, type);
    return expression;
  }

  #typeOf(expression: Expression): Type {
    return this.types.get(expression.id) ?? errorType;
  }

  #issue({ offset }: { readonly offset: number }, message: string): void {
    this.issues.push({ offset, message });
  }

  #undeclared(at: Expression, name: string): void {
    this.#issue(at, `undeclared reference to '${name}' (in container '')`);
  }

  #mismatch(at: Expression, expected: Type, found: Type): void {
    this.#issue(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  #resolve(name: string): Type | undefined {
    if (!name.startsWith('.')) {
      for (let at = this.#scope; at !== undefined; at = at.parent) {
        const local = at.names.get(name);
        if (local !== undefined) return local;
      }
    }
    const plain = name.replace(/^\./, '');
    const { variables, structs } = this.#environment;
    if (Object.hasOwn(variables, plain)) return variables[plain];
    const named = typeValue(plain) ?? structs?.(plain)?.type;
    return named && typeOf(named);
  }

  #assignable(from: Type, to: Type): boolean {
    return this.#assignableAll([from], [to]);
  }

  #assignableAll(from: readonly Type[], to: readonly Type[]): boolean {
    const found = assignAll(this.substitutions, from, to);
    if (found !== undefined) this.substitutions = found;
    return found !== undefined;
  }

  #freshVariable(): Type {
    return paramType(`_var${this.#variables++}`);
  }

  #select(expression: Extract<Expression, { type: 'select' }>): Expression {
    const name = qualifiedName(expression);
    const type = name === undefined ? undefined : this.#resolveQualified(name);
    if (name !== undefined && type !== undefined) {
      const { id, offset } = expression;
      return this.#typed({ type: 'identifier', id, offset, name: name.replace(/^\./, '') }, type);
    }
    const operand = this.check(expression.operand);
    const field = this.#field(expression, operand, expression.field, false);
    return this.#typed({ ...expression, operand }, expression.testOnly ? boolType : field);
  }

  /** A name with dots stands for itself where it is declared; a local name hides what begins with it. */
  #resolveQualified(name: string): Type | undefined {
    const first = name.split('.', 1)[0] as string;
    for (let at = this.#scope; at !== undefined; at = at.parent) if (at.names.has(first)) return undefined;
    return this.#resolve(name);
  }

  #field(at: Expression, operand: Expression, field: string, optional: boolean): Type {
    const operandType = substitute(this.substitutions, this.#typeOf(operand));
    const target = withoutOptional(operandType);
    const found = this.#fieldOf(at, target, field);
    const type = isOptional(operandType) || optional ? optionalOf(found) : found;
    return substitute(this.substitutions, type);
  }

  #fieldOf(at: Expression, target: Type, field: string): Type {
    if (target.kind === 'map') return target.params[1] as Type;
    if (target.kind === 'object') {
      const type = target.fields?.get(field)?.type;
      if (type === undefined) this.#issue(at, `undefined field '${field}'`);
      return type ?? errorType;
    }
    if (target.kind === 'param') this.#assignable(dynType, target);
    else if (!isDynOrError(target)) {
      this.#issue(at, `type '${formatType(target)}' does not support field selection`);
    }
    return dynType;
  }

  #call(expression: CallExpression): Expression {
    if (expression.name === '_?._') return this.#optionalSelect(expression);
    const args = expression.args.map((arg) => this.check(arg));
    const { target, name } = expression;
    if (target === undefined) {
      const plain = name.replace(/^\./, '');
      const overloads = this.#function(plain);
      if (overloads !== undefined) return this.#resolveCall({ ...expression, name: plain, args }, overloads);
      this.#undeclared(expression, name);
      return this.#typed({ ...expression, args }, errorType);
    }
    const prefix = qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : `${prefix}.${name}`.replace(/^\./, '');
    const namespacedOverloads = namespaced === undefined ? undefined : this.#function(namespaced);
    if (namespaced !== undefined && namespacedOverloads !== undefined) {
      const global = { ...expression, target: undefined, name: namespaced, args };
      return this.#resolveCall(global, namespacedOverloads);
    }
    const receiver = this.check(target);
    const overloads = this.#function(name);
    if (overloads !== undefined) return this.#resolveCall({ ...expression, target: receiver, args }, overloads);
    this.#undeclared(expression, name);
    return this.#typed({ ...expression, target: receiver, args }, errorType);
  }

  #function(name: string): readonly Overload[] | undefined {
    if (storedOnly.has(name) && this.#environment.stored !== true) return undefined;
    return patchOnly.has(name) && this.#environment.structs === undefined ? undefined : overloadsOf(name);
  }

  #optionalSelect(expression: CallExpression): Expression {
    const [operand, field] = expression.args as [Expression, Expression];
    const checked = this.check(operand);
    const name = field.type === 'literal' && field.value.kind === 'string' ? field.value.value : '';
    this.#typed(field, stringType);
    const type = this.#field(expression, checked, name, true);
    this.overloads.set(expression.id, ['select_optional_field']);
    return this.#typed({ ...expression, args: [checked, field] }, type);
  }

  #resolveCall(call: CallExpression, overloads: readonly Overload[]): Expression {
    const isMember = call.target !== undefined;
    const given = call.target === undefined ? call.args : [call.target, ...call.args];
    const argTypes = given.map((arg) => this.#typeOf(arg));
    if (call.name === '_&&_' || call.name === '_||_') return this.#resolveLogical(call, argTypes);
    const ids: string[] = [];
    let result: Type | undefined;
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue;
      const fresh = new Map(overload.params.map((param) => [param, this.#freshVariable()]));
      if (
        !this.#assignableAll(
          argTypes,
          overload.args.map((arg) => substitute(fresh, arg)),
        )
      )
        continue;
      ids.push(overload.id);
      const type = substitute(this.substitutions, substitute(fresh, overload.result));
      if (result === undefined) result = type;
      else if (result.kind !== 'dyn' && !sameType(type, result)) result = dynType;
    }
    if (result !== undefined) {
      this.overloads.set(call.id, ids);
      return this.#typed(call, result);
    }
    const shown = argTypes.map((type) => formatType(substitute(this.substitutions, type, true)));
    const [receiver, ...rest] = shown;
    const signature = isMember ? `${receiver}.(${rest.join(', ')})` : `(${shown.join(', ')})`;
    this.#issue(call, `found no matching overload for '${call.name}' applied to '${signature}'`);
    return this.#typed(call, errorType);
  }

  #resolveLogical(call: CallExpression, argTypes: readonly Type[]): Expression {
    let type = boolType;
    for (const [index, argType] of argTypes.entries()) {
      if (this.#assignable(argType, boolType)) continue;
      this.#mismatch(call.args[index] as Expression, boolType, argType);
      type = errorType;
    }
    this.overloads.set(call.id, [call.name === '_&&_' ? 'logical_and' : 'logical_or']);
    return this.#typed(call, type);
  }

  #list(expression: Extract<Expression, { type: 'list' }>): Expression {
    let element: Type | undefined;
    const elements = expression.elements.map((each, index) => {
      const checked = this.check(each);
      const type = expression.optional.has(index) ? this.#unwrapped(checked) : this.#typeOf(checked);
      element = this.#join(element, type);
      return checked;
    });
    return this.#typed({ ...expression, elements }, listOf(element ?? this.#freshVariable()));
  }

  #map(expression: Extract<Expression, { type: 'map' }>): Expression {
    let keyType: Type | undefined;
    let valueType: Type | undefined;
    const entries = expression.entries.map((entry) => {
      const key = this.check(entry.key);
      keyType = this.#join(keyType, this.#typeOf(key));
      const value = this.check(entry.value);
      valueType = this.#join(valueType, entry.optional ? this.#unwrapped(value) : this.#typeOf(value));
      return { ...entry, key, value };
    });
    const type = mapOf(keyType ?? this.#freshVariable(), valueType ?? this.#freshVariable());
    return this.#typed({ ...expression, entries }, type);
  }

  /** What an optional element holds. */
  #unwrapped(expression: Expression): Type {
    const type = this.#typeOf(expression);
    if (!isOptional(type) && type.kind !== 'dyn') this.#mismatch(expression, optionalOf(type), type);
    return withoutOptional(type);
  }

  /** The type of elements of a literal; where they are of several, that is found once all else is right. */
  #join(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    return this.#assignable(before, type) ? mostGeneral(before, type) : dynType;
  }

  #struct(expression: StructExpression): Expression {
    const struct = this.#environment.structs?.(expression.name.replace(/^\./, ''));
    if (struct === undefined) {
      const isType = typeValue(expression.name) !== undefined;
      if (isType) this.#issue(expression, `'${expression.name}' is not a message type`);
      else this.#undeclared(expression, expression.name);
      return this.#typed(expression, errorType);
    }
    const fields = expression.fields.map((field) => {
      const value = this.check(field.value);
      const type = struct.field(field.name);
      if (type === undefined) this.#issue(field, `undefined field '${field.name}'`);
      const valueType = field.optional ? this.#unwrapped(value) : this.#typeOf(value);
      if (type !== undefined && !this.#assignable(type, valueType)) {
        const text = `is '${formatType(type)}' but provided type is '${formatType(valueType)}'`;
        this.#issue(field, `expected type of field '${field.name}' ${text}`);
      }
      return { ...field, value };
    });
    return this.#typed({ ...expression, fields }, struct.type);
  }

  #comprehension(expression: ComprehensionExpression): Expression {
    const range = this.check(expression.range);
    const init = this.check(expression.init);
    const accumulator = this.#typeOf(init);
    const outer = this.#scope;
    const { variable, variable2 } = expression;
    const [type, type2] = this.#iterated(range, variable2 !== undefined);
    const accumulatorScope = { names: new Map([[expression.accumulator, accumulator]]), parent: outer };
    const names = new Map([[variable, type]]);
    if (variable2 !== undefined) names.set(variable2, type2);
    this.#scope = { names, parent: accumulatorScope };
    const condition = this.check(expression.condition);
    this.#assert(condition, boolType);
    const step = this.check(expression.step);
    this.#assert(step, accumulator);
    this.#scope = accumulatorScope;
    const result = this.check(expression.result);
    this.#scope = outer;
    const made = { ...expression, range, init, condition, step, result };
    return this.#typed(made, substitute(this.substitutions, this.#typeOf(result)));
  }

  #assert(expression: Expression, type: Type): void {
    if (!this.#assignable(type, this.#typeOf(expression))) this.#mismatch(expression, type, this.#typeOf(expression));
  }

  /** Types of the variables of a comprehension. */
  #iterated(range: Expression, withTwo: boolean): [Type, Type] {
    const type = substitute(this.substitutions, this.#typeOf(range));
    const [first, second] = type.params as [Type, Type];
    if (type.kind === 'list') return withTwo ? [intType, first] : [first, first];
    if (type.kind === 'map') return [first, second];
    if ((type.kind === 'dyn' && type !== anyType) || type.kind === 'error' || type.kind === 'param') {
      this.#assignable(dynType, type);
      return [dynType, dynType];
    }
    const text = 'cannot be range of a comprehension (must be list, map, or dynamic)';
    this.#issue(range, `expression of type '${formatType(type)}' ${text}`);
    return [errorType, errorType];
  }
}
