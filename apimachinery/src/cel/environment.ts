import type { RegexCompiler } from './regex.ts';
import type { Type } from './types.ts';

/** What an expression may use, and how much of it. */
export interface CelEnvironment {
  readonly variables: Readonly<Record<string, Type>>;
  /** Types that `Name{field: value}` may make. */
  readonly structs?: StructResolver;
  /** `cel.bind()` is enabled. Default false. */
  readonly bindings?: boolean;
  /** Regular expressions without backtracking, as RE2 has them. */
  readonly regex: RegexCompiler;
  /** Cost that an evaluation may have. Default one million, Kubernetes' limit for one expression. */
  readonly costMax?: number;
  /** The expression was stored by some API server before, maybe a newer one. Default false. */
  readonly stored?: boolean;
}

export type StructResolver = (name: string) => StructType | undefined;

export interface StructType {
  readonly type: Type;
  /** Undefined: it has no such field. */
  field(name: string): Type | undefined;
  /** Makes the value; throws CelError for fields that do not fit. */
  make(fields: ReadonlyMap<string, unknown>): unknown;
}

export const perCallCostMax = 1_000_000;
