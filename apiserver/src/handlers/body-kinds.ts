import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { decodeMessage, encodeMessage, supportsProtobuf } from '@coracle/apimachinery/protobuf';
import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import type { Expected } from './body.ts';
import type { Core } from './call.ts';

/** Bodies of kinds that are not the resource's own: delete options, views, actions. */
export function bodyKinds(scheme: Scheme): Pick<Core, 'deleteOptions' | 'expectedOfKind' | 'codecOfObject'> {
  const expectedOfKind = (kind: GroupVersionKind): Expected | undefined => {
    const schema = scheme.schemaOfKind(kind);
    if (schema === undefined) return undefined;
    const decode = (message: Uint8Array) => decodeMessage(message, schema) as KubernetesObject;
    return { kind, schema, decodeMessage: supportsProtobuf(schema) ? decode : undefined };
  };
  const deleteOptions = expectedOfKind({ group: '', version: 'v1', kind: 'DeleteOptions' });
  if (deleteOptions === undefined) throw new Error('the generated tables have no DeleteOptions: generate them again');
  return {
    deleteOptions,
    expectedOfKind,
    codecOfObject(object) {
      const schema = scheme.schemaOfObject(object);
      return schema !== undefined && supportsProtobuf(schema)
        ? { encode: (message) => encodeMessage(message, schema) }
        : undefined;
    },
  };
}
