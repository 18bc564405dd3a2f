export { deepCopy, getField, isObject, type Json, type JsonObject, setField, shallowCopy } from './copy.ts';
export { endOfString } from './end-of-string.ts';
export { parseJson } from './depth.ts';
export { compareText, deepEqual, semanticEqual } from './equal.ts';
export { parseBool } from './parse-bool.ts';
export { getAt, type JsonPath, removeAt, setAt } from './path.ts';
