import type { RegexCompiler } from '../regex.ts';
import type { CelValue } from '../values.ts';

/** Undefined: not for arguments of these types. Throws CelError where these have no result. */
export type Function = (args: readonly CelValue[], regex: RegexCompiler) => CelValue | undefined;

export type Functions = Readonly<Record<string, Function>>;
