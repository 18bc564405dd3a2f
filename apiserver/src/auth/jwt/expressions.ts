import {
  anyType,
  CelError,
  CelList,
  type CelProgram,
  type CelValue,
  compile,
  listOf,
  mapOf,
  objectType,
  stringType,
  type Type,
  typeText,
  unescapeProperty,
} from '@coracle/apimachinery/cel';
import type { UserInfo } from '../../http/api-request.ts';
import { compileRegex } from '../../admission/cel/index.ts';

export type ExpressionVariable = 'claims' | 'user';

const textList = listOf(stringType);
const userFields: Readonly<Record<string, Type>> = {
  username: stringType,
  uid: stringType,
  groups: textList,
  extra: mapOf(stringType, textList),
};
/** k8s.io/apiserver pkg/authentication/cel/compile.go. */
const typeOfVariable: Readonly<Record<ExpressionVariable, Type>> = {
  claims: mapOf(stringType, anyType),
  user: objectType(
    'kubernetes.UserInfo',
    new Map(Object.entries(userFields).map(([jsonName, type]) => [jsonName, { jsonName, type }])),
  ),
};

/** A program, or what is wrong with the expression. `result` is the type it has to have, if any. */
export function compileExpression(
  expression: string,
  variable: ExpressionVariable,
  result?: 'bool',
): CelProgram | string {
  try {
    const variables = { [variable]: typeOfVariable[variable] };
    const program = compile(expression, { variables, regex: compileRegex, stored: true });
    return result === undefined || typeText(program.type) === result ? program : `must evaluate to ${result}`;
  } catch (error) {
    if (error instanceof CelError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** Claims as expressions see them: numbers are doubles, names may be said escaped (`claims.acme__dot__com`). */
export function claimsValue(json: unknown): CelValue {
  if (Array.isArray(json)) return CelList.copy(json.map(claimsValue));
  if (typeof json !== 'object' || json === null) return json as CelValue;
  return new UnescapingMap(Object.entries(json).map(([name, value]) => [name, claimsValue(value)]));
}

export function userValue({ username, uid = '', groups, extra }: UserInfo): CelValue {
  return { username, uid, groups: [...groups], extra: claimsValue(extra) };
}

class UnescapingMap extends Map<CelValue, CelValue> {
  override has(key: CelValue): boolean {
    return super.has(unescaped(key));
  }

  override get(key: CelValue): CelValue | undefined {
    return super.get(unescaped(key));
  }
}

function unescaped(key: CelValue): CelValue {
  return typeof key === 'string' ? unescapeProperty(key) : key;
}
