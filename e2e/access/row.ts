import { mergePatchHeaders } from '../support/index.ts';

/** One thing that somebody tries, and how it is answered. */
export interface Row {
  /** Method, path and query: `GET /api/v1/pods`. */
  readonly asks: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Name of a token that the body, the spec of a TokenReview, is completed with. */
  readonly reviewed?: string;
  readonly code: number;
  /** The whole message of the Status, where it matters. */
  readonly message?: string;
}

export interface Section {
  /** A name that `callers.ts` knows. */
  readonly who: string;
  readonly rows: readonly Row[];
}

type More = Pick<Row, 'body' | 'headers'>;

/** Allowed: no 401, no 403. */
export const may = (asks: string, code = 200, more: More = {}): Row => ({ asks, code, ...more });
export const mayNot = (asks: string, message?: string, more: More = {}): Row => ({
  asks,
  code: 403,
  ...(message === undefined ? {} : { message }),
  ...more,
});
export const unknown = (asks: string): Row => ({ asks, code: 401, message: 'Unauthorized' });
export const mergePatch = (body: object): More => ({ body, headers: mergePatchHeaders });
