import type { Type } from './types.ts';

/** An expression that cannot be compiled, or has no value. The message is for who wrote it, in cel-go's words. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

/** Evaluation went over its budget. */
export class CelCostError extends CelError {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** An expression that is well formed but whose literals have no value together: it cannot be made ready. */
export class CelProgramError extends CelError {
  /** Of the value that it would have. */
  readonly type: Type;

  constructor(message: string, type: Type) {
    super(message);
    this.type = type;
  }
}
