import { goJson, quote } from './quote.ts';

/** What is wrong with a field; the value is the `reason` of the cause in a Status (field.ErrorType upstream). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooShort'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One finding of validation. Paths are written as upstream prints them: `spec.containers[0].name`, `metadata.labels[app]`. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** The offending value; `omitted` prints none. Ignored by types that never print one. */
  readonly value?: unknown;
  readonly detail: string;
}

/** A bad value that is not worth repeating in the message. */
export const omitted: unique symbol = Symbol('omitted');

const words: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooShort: 'Too short',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
};

const withoutValue: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

/** The message without the field: `Invalid value: "x": must be …` (apimachinery field.Error.ErrorBody). */
export function fieldErrorBody(error: FieldError): string {
  let text = words[error.type];
  if (!withoutValue.has(error.type) && error.value !== omitted) text += `: ${printValue(error.value)}`;
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

/** `spec.foo: Required value: …`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field === '' ? '<nil>' : error.field}: ${fieldErrorBody(error)}`;
}

/** All findings as one message, repeated ones once; more than one in brackets. Empty list: empty string. */
export function fieldErrorsText(errors: readonly FieldError[]): string {
  const messages = [...new Set(errors.map(fieldErrorText))];
  return messages.length > 1 ? `[${messages.join(', ')}]` : (messages[0] ?? '');
}

function printValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  // All digits, as Go prints an int64.
  if (typeof value === 'number' && Number.isInteger(value)) return String(BigInt(value));
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return goJson(value);
}

function atMost(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Factories of findings, named as upstream's package `field`. `path` is the printed path of the field. */
export const field = {
  required: (path: string, detail = ''): FieldError => ({ type: 'FieldValueRequired', field: path, value: '', detail }),
  invalid: (path: string, value: unknown, detail: string): FieldError => ({
    type: 'FieldValueInvalid',
    field: path,
    value,
    detail,
  }),
  typeInvalid: (path: string, value: unknown, detail: string): FieldError => ({
    type: 'FieldValueTypeInvalid',
    field: path,
    value,
    detail,
  }),
  /** `supported` in the order upstream prints them (sorted where upstream takes them from a set). */
  notSupported: (path: string, value: unknown, supported: readonly string[]): FieldError => ({
    type: 'FieldValueNotSupported',
    field: path,
    value,
    detail: supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`,
  }),
  duplicate: (path: string, value: unknown): FieldError => ({
    type: 'FieldValueDuplicate',
    field: path,
    value,
    detail: '',
  }),
  forbidden: (path: string, detail: string): FieldError => ({
    type: 'FieldValueForbidden',
    field: path,
    value: '',
    detail,
  }),
  notFound: (path: string, value: unknown): FieldError => ({
    type: 'FieldValueNotFound',
    field: path,
    value,
    detail: '',
  }),
  /** Longer than `maxBytes` bytes. */
  tooLong: (path: string, maxBytes: number): FieldError => ({
    type: 'FieldValueTooLong',
    field: path,
    value: '<value omitted>',
    detail: maxBytes < 0 ? 'value is too long' : `may not be more than ${atMost(maxBytes, 'byte', 'bytes')}`,
  }),
  tooLongCharacters: (path: string, maxCharacters: number): FieldError => ({
    type: 'FieldValueTooLong',
    field: path,
    value: '<value omitted>',
    detail: `may not be more than ${atMost(maxCharacters, 'character', 'characters')}`,
  }),
  tooShort: (path: string, value: unknown, minCharacters: number): FieldError => ({
    type: 'FieldValueTooShort',
    field: path,
    value,
    detail: `must be at least ${atMost(minCharacters, 'character', 'characters')}`,
  }),
  /** A negative `actual` is not printed. */
  tooMany: (path: string, actual: number, max: number): FieldError => ({
    type: 'FieldValueTooMany',
    field: path,
    value: actual < 0 ? omitted : actual,
    detail: max < 0 ? 'has too many items' : `must have at most ${atMost(max, 'item', 'items')}`,
  }),
  tooFew: (path: string, actual: number, min: number): FieldError => ({
    type: 'FieldValueTooFew',
    field: path,
    value: actual < 0 ? omitted : actual,
    detail: `must have at least ${atMost(min, 'item', 'items')}`,
  }),
  internal: (path: string, error: unknown): FieldError => ({
    type: 'InternalError',
    field: path,
    value: '',
    detail: error instanceof Error ? error.message : String(error),
  }),
} as const;
