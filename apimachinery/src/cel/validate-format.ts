import type { CallExpression, Expression } from './ast.ts';
import type { Issue } from './issues.ts';
import { formatClauses, problems } from './library/format-text.ts';
import type { Type } from './types.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  s: 'string bool bytes int uint double map list type duration timestamp null'.split(' '),
  d: ['int', 'uint'],
  f: ['double'],
  e: ['double'],
  b: ['int', 'uint', 'bool'],
  o: ['int', 'uint'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
};

/** Whether a literal text and the types of a literal list fit (cel-go ext/formatting.go stringFormatValidator). */
export function formatIssues(call: CallExpression, typeOf: (each: Expression) => Type): Issue[] {
  const { target, args, name, offset } = call;
  const [list] = args;
  if (name !== 'format' || target?.type !== 'literal' || target.value.kind !== 'string') return [];
  if (list?.type !== 'list') return [];
  let used = 0;
  for (const { verb } of formatClauses(target.value.value)) {
    if (verb === undefined) return [{ offset, message: problems.end }];
    const allowed = kinds[verb];
    if (allowed === undefined) return [{ offset, message: problems.verb(verb) }];
    const arg = list.elements[used];
    if (arg === undefined) return [{ offset, message: problems.index(used) }];
    const { kind, name: typeName } = typeOf(arg);
    if (kind !== 'dyn' && kind !== 'param' && !allowed.includes(kind)) {
      return [{ offset: arg.offset, message: problems.type(verb, typeName) }];
    }
    used++;
  }
  const given = list.elements.length;
  return given > used ? [{ offset, message: problems.tooMany(used, given) }] : [];
}
