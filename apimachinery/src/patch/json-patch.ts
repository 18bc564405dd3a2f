import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { badRequest, genericServerResponse, requestEntityTooLarge } from '../errors/index.ts';
import { isObject, type JsonObject, shallowCopy } from '../json/index.ts';

/** More operations than this are refused: upstream's limit. */
const operationsMax = 10_000;
/** What all `copy` operations of one patch may copy together, in bytes of JSON. */
const copyBytesMax = 3 * 1024 * 1024;

export type JsonPatchOperation = Operation;

/**
 * Applies a JSON patch (RFC 6902). The document is not changed: the result shares with it whatever no operation touched.
 * Throws BadRequest for something that is no patch, RequestEntityTooLarge beyond the limits, and 422 Invalid, which does not
 * say which operation failed.
 */
export function applyJsonPatch<T>(document: T, patch: unknown): T {
  const operations = checkOperations(patch);
  const root = { document: document as unknown };
  const owned = new Set<object>([root]);
  let copiedBytes = 0;
  for (const operation of operations) {
    if (operation.op === 'copy') {
      copiedBytes += JSON.stringify(resolve(root, operation.from))?.length ?? 0;
      if (copiedBytes > copyBytesMax) {
        throw requestEntityTooLarge(`The allowed maximum of copied bytes in a JSON patch is ${copyBytesMax}`);
      }
    }
    const failure = applyOperation(root, operation, owned);
    if (failure !== undefined) throw genericServerResponse({ code: 422, serverMessage: failure });
  }
  return root.document as T;
}

function checkOperations(patch: unknown): readonly JsonPatchOperation[] {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations');
  if (patch.length > operationsMax) {
    const text = `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`;
    throw requestEntityTooLarge(text);
  }
  return patch.map((operation: unknown, index) => {
    const problem = isObject(operation) ? problemOf(operation) : 'is no object';
    if (problem !== undefined) throw badRequest(`error decoding patch: operation ${index} ${problem}`);
    return operation as unknown as JsonPatchOperation;
  });
}

function problemOf(operation: JsonObject): string | undefined {
  const { op, path, from } = operation;
  if (!isPointer(path)) return 'needs a path that is empty or begins with /';
  if ((op === 'move' || op === 'copy') && !isPointer(from)) return 'needs a from that is empty or begins with /';
  if ((op === 'add' || op === 'replace' || op === 'test') && !Object.hasOwn(operation, 'value')) return 'needs a value';
  return undefined;
}

const operationNames: ReadonlySet<string> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

function isPointer(value: unknown): value is string {
  return typeof value === 'string' && (value === '' || value.startsWith('/'));
}

/**
 * One operation on `root.document`. Every container on the way to the place that changes is made private first; the
 * operation itself is the library's. The document hangs below a root of its own so that the empty path is no special case.
 */
function applyOperation(root: JsonObject, operation: JsonPatchOperation, owned: Set<object>): string | undefined {
  if (!operationNames.has(operation.op)) return `Unexpected kind: ${operation.op}`;
  const path = `/document${operation.path}`;
  const from = 'from' in operation ? `/document${operation.from}` : undefined;
  const problem =
    unreachable(root, path, operation.op) ?? (from === undefined ? undefined : unreachable(root, from, 'remove'));
  if (operation.op === 'test' && operation.value === null && problem !== undefined) return undefined;
  if (problem !== undefined) return problem;
  if (from !== undefined && operation.op === 'move' && path.startsWith(`${from}/`))
    return 'a value cannot move into itself';
  if (operation.op !== 'test') own(root, path, owned);
  if (from !== undefined && operation.op === 'move') own(root, from, owned);
  const [failure] = applyPatch(root, [{ ...operation, path, ...(from === undefined ? {} : { from }) } as Operation]);
  return failure === null || failure === undefined ? undefined : failure.message;
}

function tokensOf(path: string): string[] {
  return Pointer.fromJSON(path).tokens.slice(1);
}

function resolve(root: JsonObject, path: string): unknown {
  let value: unknown = root['document'];
  for (const token of tokensOf(path)) value = child(value, token);
  return value;
}

function child(container: unknown, token: string): unknown {
  if (Array.isArray(container)) return /^(?:0|[1-9][0-9]*)$/.test(token) ? container[Number(token)] : undefined;
  return isObject(container) && Object.hasOwn(container, token) ? container[token] : undefined;
}

/** Why `op` cannot work at `path`, if so. Only own fields count, and no name that reaches a prototype is followed. */
function unreachable(root: JsonObject, path: string, op: JsonPatchOperation['op']): string | undefined {
  const tokens = tokensOf(path);
  let container: unknown = root;
  for (const token of tokens.slice(0, -1)) {
    container = child(container, token);
    if (typeof container !== 'object' || container === null)
      return `there is nothing at ${path.slice('/document'.length)}`;
  }
  const last = tokens[tokens.length - 1] as string;
  if (tokens.some((token) => token === '__proto__' || token === 'constructor' || token === 'prototype')) {
    return 'the path holds a name that is not allowed';
  }
  const adds = op === 'add' || op === 'copy' || op === 'move';
  if (Array.isArray(container)) {
    if (adds && last === '-') return undefined;
    const end = adds ? container.length : container.length - 1;
    const fits = /^(?:0|[1-9][0-9]*)$/.test(last) && Number(last) <= end;
    return fits ? undefined : `${JSON.stringify(last)} is no index of the list`;
  }
  if (adds || Object.hasOwn(container as object, last)) return undefined;
  return `there is nothing at ${path.slice('/document'.length)}`;
}

/** Replaces every container above the last token by a private copy, unless it is one already. */
function own(root: JsonObject, path: string, owned: Set<object>): void {
  let parent: unknown = root;
  for (const token of tokensOf(path).slice(0, -1)) {
    const current = child(parent, token);
    if (typeof current !== 'object' || current === null) return;
    let copy = current;
    if (!owned.has(current)) {
      copy = Array.isArray(current) ? [...(current as unknown[])] : shallowCopy(current as JsonObject);
      owned.add(copy);
      (parent as JsonObject)[token] = copy;
    }
    parent = copy;
  }
}
