import type { ExpressionContext } from '@coracle/apimachinery/cel';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingAdmissionPolicySpec,
  Mutation,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import { oneOfErrors } from '../shared/field-rules.ts';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { checkExpression, textsIn, variableTypes } from '../../admission/cel/index.ts';
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

const patchTypes = ['ApplyConfiguration', 'JSONPatch'];

export const mutatingAdmissionPolicyStrategy: Strategy<MutatingAdmissionPolicy> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'mutatingadmissionpolicies' },
  unconditionalUpdate: false,
  defaults(object) {
    const spec = specOf(object);
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  validate: (object, old) => validateSpec(specOf(object), textsIn(old?.spec)),
  table: {
    columns: [
      nameColumn,
      column('Mutations', 'integer', 'How many mutations it lists'),
      column('ParamKind', 'string', 'Kind of its parameters'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.mutations?.length ?? 0,
      paramKindText(object.spec?.paramKind),
      ageOf(object, now),
    ],
  },
};

export const mutatingAdmissionPolicyBindingStrategy: Strategy<MutatingAdmissionPolicyBinding> = {
  resource: { group: 'admissionregistration.k8s.io', resource: 'mutatingadmissionpolicybindings' },
  unconditionalUpdate: false,
  defaults: (object) => setMatchDefaults(specOf(object).matchResources),
  validate: ({ spec }) => [
    ...validatePolicyName(spec?.policyName, 'spec.policyName'),
    ...validateParamRef(spec?.paramRef, 'spec.paramRef'),
    ...validateMatchResources(spec?.matchResources, 'spec.matchResources'),
    ...operationErrors(spec?.matchResources, 'spec.matchResources'),
  ],
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

/** pkg/apis/admissionregistration/validation.validateMutatingAdmissionPolicySpec */
function validateSpec(spec: MutatingAdmissionPolicySpec, stored: ReadonlySet<string>): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, mutations = [], reinvocationPolicy } = spec;
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
    errors.push(...operationErrors(matchConstraints, 'spec.matchConstraints'));
  }
  errors.push(
    ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions', paramKind !== undefined, stored),
  );
  const context = { params: paramKind !== undefined, authorizer: true };
  errors.push(...validateVariables(spec.variables ?? [], 'spec.variables', context, stored));
  const variables = variableTypes(spec.variables ?? [], context, (expression) => stored.has(expression));
  if (mutations.length === 0) errors.push(field.required('spec.mutations', 'mutations must contain at least one item'));
  const inMutations = { ...context, patches: true, variables };
  for (const [index, mutation] of mutations.entries()) {
    errors.push(...validateMutation(mutation, `spec.mutations[${index}]`, inMutations, stored));
  }
  return [...errors, ...oneOfErrors(reinvocationPolicy, ['IfNeeded', 'Never'], 'spec.reinvocationPolicy')];
}

const mutableOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. */
function operationErrors(match: MatchResources | undefined, path: string): FieldError[] {
  const operations = (match?.resourceRules ?? []).flatMap((rule) => rule.operations ?? []);
  return operations
    .filter((operation) => !mutableOperations.includes(operation))
    .map((operation) => field.notSupported(`${path}.resourceRules.operations`, operation, mutableOperations));
}

function validateMutation(
  { patchType = '', applyConfiguration, jsonPatch }: Mutation,
  path: string,
  context: ExpressionContext,
  stored: ReadonlySet<string>,
): FieldError[] {
  if (patchType === '') return [field.required(`${path}.patchType`)];
  if (!patchTypes.includes(patchType)) return [field.notSupported(`${path}.patchType`, patchType, patchTypes)];
  const wanted = patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
  const other = patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch';
  const parts = { applyConfiguration, jsonPatch };
  const errors: FieldError[] = [];
  if (parts[wanted] === undefined) {
    errors.push(field.required(`${path}.${wanted}`, `must be specified when patchType is ${patchType}`));
  } else if ((parts[wanted].expression ?? '').trim() === '') {
    errors.push(field.required(`${path}.${wanted}.expression`));
  } else {
    const expression = (parts[wanted].expression ?? '').trim();
    const results = [patchType === 'JSONPatch' ? 'list(JSONPatch)' : 'Object'];
    errors.push(...checkExpression(expression, `${path}.${wanted}.expression`, context, results, stored));
  }
  if (parts[other] !== undefined) {
    errors.push(
      field.invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`),
    );
  }
  return errors;
}
