import {
  anyType,
  CelError,
  CelList,
  type CelProgram,
  type CelValue,
  compile,
  FieldsOnly,
  listOf,
  mapOf,
  recordType,
  stringType,
  stringFields,
  type Type,
  typeText,
  UnescapingMap,
} from '@coracle/apimachinery/cel';
import type { UserInfo } from '../../http/api-request.ts';
import { compileRegex } from '../../admission/cel/index.ts';

export type ExpressionVariable = 'claims' | 'user';

const textList = listOf(stringType);
/** k8s.io/apiserver pkg/authentication/cel/compile.go. */
const typeOfVariable: Readonly<Record<ExpressionVariable, Type>> = {
  claims: mapOf(stringType, anyType),
  user: recordType('kubernetes.UserInfo', {
    ...stringFields('username', 'uid'),
    groups: textList,
    extra: mapOf(stringType, textList),
  }),
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

/** Claims as expressions see them: numbers are doubles, names may be said escaped. */
export function claimsValue(claims: object): CelValue {
  return new FieldsOnly(entriesOf(claims));
}

function valueOf(json: unknown): CelValue {
  if (Array.isArray(json)) return CelList.copy(json.map(valueOf));
  if (typeof json !== 'object' || json === null) return json as CelValue;
  return new UnescapingMap(entriesOf(json));
}

const entriesOf = (json: object) =>
  Object.entries(json).map(([name, value]): [string, CelValue] => [name, valueOf(value)]);

export function userValue({ username, uid = '', groups, extra }: UserInfo): CelValue {
  return { username, uid, groups: [...groups], extra: valueOf(extra) };
}
