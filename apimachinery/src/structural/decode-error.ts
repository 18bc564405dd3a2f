import type { Schema } from '../schema/index.ts';

/** A body that does not have the types of its schema. The message is what Go's decoder says; answer it with BadRequest. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** What was found and what is wanted, where a value is of another type than its schema. */
  readonly mismatch: { readonly found: string; readonly schema: Schema } | undefined;

  constructor(message: string, mismatch?: DecodeError['mismatch']) {
    super(message);
    this.mismatch = mismatch;
  }
}
