/** A valid object of one kind that requests start from. */
export interface Base {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** All but apiVersion, kind and metadata. A function where parts must differ from object to object. */
  readonly content: Content | ((name: string) => Content);
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** It is answered and not kept: it has no name and no labels. */
  readonly nameless?: boolean;
  /** The only name such an object may have, made from the number of the scenario; default is `<kind>-<number>`. */
  readonly name?: (number: number) => string;
}

export type Content = Readonly<Record<string, unknown>>;

export function base(apiVersion: string, kind: string, content: Base['content'], more: Partial<Base> = {}): Base {
  return { apiVersion, kind, content, ...more };
}
