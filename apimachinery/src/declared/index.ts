/** The validation rules that Kubernetes declares with its types. */
export { mergeFindings, validateDeclared } from './validate-declared.ts';
