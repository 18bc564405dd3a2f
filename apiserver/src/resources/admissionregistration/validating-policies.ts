import type { ExpressionContext } from '@coracle/apimachinery/cel';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicySpec,
  Validation,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import { qualifiedName, validateConditions } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { checkExpression, type Results, textsIn, variableTypes } from '../../admission/cel/index.ts';
import { validateMatchConditions } from './match-conditions.ts';
import {
  paramKindText,
  paramRefText,
  validateParamKind,
  validateParamRef,
  validatePolicyName,
  validateVariables,
} from './policy-rules.ts';
import { failurePolicies, setMatchDefaults, validateMatchResources } from './rules.ts';

const auditAnnotationsMax = 20;
const valueExpressionBytesMax = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const actions = ['Audit', 'Deny', 'Warn'];

export const validatingAdmissionPolicyStrategy: Strategy<ValidatingAdmissionPolicy> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  unconditionalUpdate: false,
  defaults(object) {
    const spec = specOf(object);
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  validate: (object, old) => validateSpec(object.metadata?.name ?? '', specOf(object), textsIn(old?.spec)),
  table: {
    columns: [
      nameColumn,
      column('Validations', 'integer', 'How many validations it lists'),
      column('ParamKind', 'string', 'Kind of its parameters'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.validations?.length ?? 0,
      paramKindText(object.spec?.paramKind),
      ageOf(object, now),
    ],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: specAndMetadata,
      validateUpdate: (object) => validateConditions(object.status?.conditions ?? [], 'status.conditions'),
    },
  },
};

export const validatingAdmissionPolicyBindingStrategy: Strategy<ValidatingAdmissionPolicyBinding> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicybindings' },
  unconditionalUpdate: false,
  defaults: (object) => setMatchDefaults(specOf(object).matchResources),
  validate: (object) => validateBinding(object),
  table: {
    columns: [
      nameColumn,
      column('PolicyName', 'string', 'The policy that is bound'),
      column('ParamRef', 'string', 'Its parameters'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.policyName,
      paramRefText(object.spec?.paramRef),
      ageOf(object, now),
    ],
  },
};

/** pkg/apis/admissionregistration/validation.validateValidatingAdmissionPolicySpec */
function validateSpec(name: string, spec: ValidatingAdmissionPolicySpec, stored: ReadonlySet<string>): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, validations = [], auditAnnotations = [] } = spec;
  const errors: FieldError[] = [];
  if (failurePolicy === undefined) errors.push(field.required('spec.failurePolicy'));
  else if (!failurePolicies.includes(failurePolicy)) {
    errors.push(field.notSupported('spec.failurePolicy', failurePolicy, failurePolicies));
  }
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, 'spec.paramKind'));
  if (matchConstraints === undefined) errors.push(field.required('spec.matchConstraints'));
  else {
    errors.push(...validateMatchResources(matchConstraints, 'spec.matchConstraints'));
    if ((matchConstraints.resourceRules ?? []).length === 0) {
      errors.push(field.required('spec.matchConstraints.resourceRules'));
    }
  }
  errors.push(
    ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions', paramKind !== undefined, stored),
  );
  const context = { params: paramKind !== undefined, authorizer: true };
  errors.push(...validateVariables(spec.variables ?? [], 'spec.variables', context, stored));
  const variables = variableTypes(spec.variables ?? [], context, (expression) => stored.has(expression));
  // Where there are none, there is no `variables` either.
  const check = new ExpressionCheck((spec.variables ?? []).length === 0 ? context : { ...context, variables }, stored);
  if (validations.length + auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    return [...errors, field.required('spec.validations', text), field.required('spec.auditAnnotations', text)];
  }
  errors.push(
    ...validations.flatMap((validation, index) => validateValidation(validation, `spec.validations[${index}]`, check)),
  );
  return [...errors, ...validateAnnotations(name, auditAnnotations, 'spec.auditAnnotations', check)];
}

/** Checks the expressions of one policy. */
class ExpressionCheck {
  readonly #context: ExpressionContext;
  readonly #stored: ReadonlySet<string>;

  constructor(context: ExpressionContext, stored: ReadonlySet<string>) {
    this.#context = context;
    this.#stored = stored;
  }

  errors(expression: string, path: string, results: Results, more: ExpressionContext = {}): FieldError[] {
    return checkExpression(expression, path, { ...this.#context, ...more }, results, this.#stored);
  }
}

function validateValidation(validation: Validation, path: string, check: ExpressionCheck): FieldError[] {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  const errors: FieldError[] = [];
  if (expression.trim() === '') errors.push(field.required(`${path}.expression`, 'expression is not specified'));
  errors.push(...check.errors(expression, `${path}.expression`, ['bool']));
  const inMessage = { authorizer: false };
  errors.push(...check.errors(messageExpression, `${path}.messageExpression`, ['string'], inMessage));
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(field.invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  }
  if (message !== '' && message.trim() === '') {
    errors.push(field.invalid(`${path}.message`, message, 'must be non-empty if specified'));
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(field.invalid(`${path}.message`, message, 'must not contain line breaks'));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(field.notSupported(`${path}.reason`, reason, reasons));
  }
  return errors;
}

function validateAnnotations(
  name: string,
  annotations: readonly AuditAnnotation[],
  path: string,
  check: ExpressionCheck,
): FieldError[] {
  const errors: FieldError[] = [];
  if (annotations.length > auditAnnotationsMax) {
    errors.push(field.invalid(path, annotations, `must not have more than ${auditAnnotationsMax} auditAnnotations`));
  }
  const keys = new Set<string>();
  for (const [index, { key = '', valueExpression = '' }] of annotations.entries()) {
    const at = `${path}[${index}]`;
    const qualified = `${name}/${key}`;
    errors.push(...qualifiedName(qualified).map((text) => field.invalid(`${at}.key`, qualified, text)));
    if (valueExpression.trim() === '') {
      errors.push(field.required(`${at}.valueExpression`, 'valueExpression is not specified'));
    } else if (valueExpression.trim().length > valueExpressionBytesMax) {
      const text = `must not exceed ${valueExpressionBytesMax} bytes in length`;
      errors.push(field.required(`${at}.valueExpression`, text));
    } else errors.push(...check.errors(valueExpression.trim(), `${at}.valueExpression`, ['string', 'null_type']));
    if (keys.has(key)) errors.push(field.duplicate(`${at}.key`, key));
    keys.add(key);
  }
  return errors;
}

function validateBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  return [
    ...validatePolicyName(spec?.policyName, 'spec.policyName'),
    ...validateParamRef(spec?.paramRef, 'spec.paramRef'),
    ...validateMatchResources(spec?.matchResources, 'spec.matchResources'),
    ...validateActions(spec?.validationActions ?? [], 'spec.validationActions'),
  ];
}

function validateActions(asked: readonly string[], path: string): FieldError[] {
  const errors = asked.flatMap((action, index) => {
    const at = `${path}[${index}]`;
    const problems = actions.includes(action) ? [] : [field.notSupported(at, action, actions)];
    return asked.indexOf(action) < index ? [...problems, field.duplicate(at, action)] : problems;
  });
  if (asked.includes('Deny') && asked.includes('Warn')) {
    const why = '(repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(field.invalid(path, asked, `must not contain both Deny and Warn ${why}`));
  }
  if (asked.length === 0) errors.push(field.required(path));
  return errors;
}
