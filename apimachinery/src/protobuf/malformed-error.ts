/** Bytes that are no message of the expected definition; answer it with BadRequest. */
export class MalformedProtobufError extends Error {
  override readonly name = 'MalformedProtobufError';
}
