import type { ObjectMeta } from '@coracle/apimachinery/meta';

/** Metadata of what is answered and never stored: what the client sent, with who sent it, without what storing would add. */
export function answeredMetadata(metadata: ObjectMeta = {}): ObjectMeta {
  const { uid: _uid, creationTimestamp: _created, ...sent } = metadata;
  return sent;
}
