import { type FieldError, field } from '../errors/index.ts';
import { labelValue, qualifiedName } from './names.ts';
import { validateLabels } from './object-meta.ts';

interface LabelSelectorLike {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly RequirementLike[];
}

interface RequirementLike {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

export interface LabelSelectorRules {
  /** For updates of objects that were stored before values were checked. */
  readonly allowInvalidValues?: boolean;
  /** For reviews, where somebody else may know the operator. */
  readonly allowUnknownOperators?: boolean;
}

/** A LabelSelector as it is in objects (metav1 validation.ValidateLabelSelector). */
export function validateLabelSelector(
  selector: LabelSelectorLike | undefined,
  path: string,
  rules: LabelSelectorRules = {},
): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabels(selector.matchLabels, `${path}.matchLabels`);
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, `${path}.matchExpressions[${index}]`, rules));
  }
  return errors;
}

function validateRequirement(requirement: RequirementLike, path: string, rules: LabelSelectorRules): FieldError[] {
  const { key = '', operator = '', values = [] } = requirement;
  const errors = validateOperator(operator, values, path, rules);
  for (const text of qualifiedName(key)) errors.push(field.invalid(`${path}.key`, key, text));
  if (rules.allowInvalidValues === true) return errors;
  for (const [index, value] of values.entries()) {
    for (const text of labelValue(value)) errors.push(field.invalid(`${path}.values[${index}]`, value, text));
  }
  return errors;
}

function validateOperator(
  operator: string,
  values: readonly string[],
  path: string,
  rules: LabelSelectorRules,
): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [field.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [field.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  }
  if (rules.allowUnknownOperators === true) return [];
  return [field.invalid(`${path}.operator`, operator, 'not a valid selector operator')];
}
