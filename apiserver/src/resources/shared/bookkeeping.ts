import { semanticEqual } from '@coracle/apimachinery/json';
import type { ObjectMeta } from '@coracle/apimachinery/meta';

/** An update by the garbage collector: owner references and finalizers change nobody's rights. */
export function onlyBookkeeping<T extends { metadata?: ObjectMeta }>(object: T, old: T): boolean {
  const plain = ({ metadata, ...rest }: T) => {
    const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...meta } = metadata ?? {};
    return { ...rest, metadata: meta };
  };
  return semanticEqual(plain(object), plain(old));
}
