/** Regular expressions that users hand in. */
export { compilePattern, type Pattern } from './pattern.ts';
