/** The Common Expression Language as Kubernetes speaks it: parse once, evaluate often, over plain JSON. Without I/O. */
export { CelError } from './cel-error.ts';
export { compile, type CelEnvironment, type CelProgram } from './compile.ts';
export type { Regex, RegexCompiler } from './regex.ts';
export { CelObject, celTypeOf, type CelValue, toJson } from './values.ts';
