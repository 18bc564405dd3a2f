/** A body that does not have the types of its schema. The message is what Go's decoder says; answer it with BadRequest. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}
