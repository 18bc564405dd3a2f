/** The Common Expression Language as Kubernetes 1.37 speaks it: checked once, evaluated often, over plain JSON. Without I/O. */
export { admissionVariables, type ExpressionContext } from './admission-variables.ts';
export { CelCostError, CelError, CelProgramError } from './cel-error.ts';
export { type CelProgram, compile, type CostBudget } from './compile.ts';
export { type CelEnvironment, perCallCostMax, type StructResolver, type StructType } from './environment.ts';
export { type OpenApiSchema, schemaType } from './schema-type.ts';
export { FieldsOnly, UnescapingMap } from './native-maps.ts';
export { escapeProperty } from './property-names.ts';
export type { Regex, RegexCompiler } from './regex.ts';
export * from './types.ts';
export { estimateCost, type SizeEstimator } from './estimate.ts';
export { CelDuration, CelTimestamp } from './time.ts';
export {
  CelList,
  CelObject,
  celOptional,
  celTypeOf,
  type CelValue,
  fromJson as celValue,
  KeyedList,
  toJson,
} from './values.ts';
