import type { Schema } from '../schema/index.ts';

/** A body that does not have the types of its schema. The message is what Go's decoder says; answer it with BadRequest. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** The value that is of another type than its schema, or malformed. */
  readonly mismatch: Mismatch | undefined;

  constructor(message: string, mismatch?: Mismatch) {
    super(message);
    this.mismatch = mismatch;
  }
}

export interface Mismatch {
  readonly value: unknown;
  readonly schema: Schema;
  /** The Go type that is wanted, as Go prints it: `int32`, `v1.ServiceType`. */
  readonly wanted: string;
}
