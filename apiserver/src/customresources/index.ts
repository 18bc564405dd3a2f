/** Custom resource definitions turned into served resources at run time. */
export { CustomResources, type CustomResourcesDependencies } from './custom-resources.ts';
export { definitionName } from './serve-definition.ts';
export { parseJsonPath } from './json-path.ts';
export { structuralSchema } from './structural-schema.ts';
export { compileValidator, type ValueValidator } from './value-validator.ts';
