export {
  escapeFieldValue,
  everyField,
  type FieldRequirement,
  FieldSelector,
  type Fields,
  fieldEquals,
  parseFieldSelector,
} from './field-selector.ts';
export {
  everyLabel,
  formatLabelSelector,
  type LabelOperator,
  type LabelRequirement,
  LabelSelector,
  type LabelSelectorObject,
  type Labels,
  labelRequirement,
  noLabel,
  selectorOf,
  selectorOfLabels,
} from './label-selector.ts';
export { parseLabelSelector } from './parse-label-selector.ts';
