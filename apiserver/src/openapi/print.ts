import type { Operation } from './operation.ts';
import type { Json } from './schema-objects.ts';

const descriptions: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** What both grammars say of an operation in the same words. */
export function commonOf({ operationId, tag, description, action, kind }: Operation): Json {
  return {
    operationId,
    tags: [tag],
    ...(description === undefined ? {} : { description }),
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined
      ? {}
      : { 'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version } }),
  };
}

/** Every good answer has the same content. */
export function answers({ codes }: Operation, content: Json): Json {
  const good = codes.map((code) => [code, { description: descriptions[code], ...content }] as const);
  return { ...Object.fromEntries(good), 401: { description: 'Unauthorized' } };
}

export function schemaOf(response: string, reference: (definition: string) => Json): Json {
  return response === 'string' ? { type: 'string' } : reference(response);
}
