import { badRequest, type FieldError, field, invalid } from '@coracle/apimachinery/errors';
import type { ObjectMeta } from '@coracle/apimachinery/meta';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '@coracle/apimachinery/types/authorization-v1';
import type { UserInfo } from '../../http/api-request.ts';
import type { Strategy, WriteContext } from '../../registry/strategy.ts';
import { answeredMetadata } from '../shared/answered-metadata.ts';
import { attributesOf } from './attributes.ts';

const group = 'authorization.k8s.io';

/** Upstream pkg/registry/authorization and pkg/apis/authorization/validation. */
export const subjectAccessReviewStrategy: Strategy<SubjectAccessReview> = {
  resource: { group, resource: 'subjectaccessreviews' },
  validateName: () => [],
  namelessErrors: true,
  defaults: withSpec,
  async answer(review, context) {
    const { spec, metadata } = review;
    refuse([...checkWhat(spec), ...checkSubject(spec), ...checkMetadata(metadata, false)]);
    return { ...review, metadata: answeredMetadata(metadata), status: await decide(userOf(spec), spec, context) };
  },
};

export const selfSubjectAccessReviewStrategy: Strategy<SelfSubjectAccessReview> = {
  resource: { group, resource: 'selfsubjectaccessreviews' },
  validateName: () => [],
  namelessErrors: true,
  defaults: withSpec,
  async answer(review, context) {
    const { spec, metadata } = review;
    refuse([...checkWhat(spec), ...checkMetadata(metadata, false)]);
    return { ...review, metadata: answeredMetadata(metadata), status: await decide(context.user, spec, context) };
  },
};

export const localSubjectAccessReviewStrategy: Strategy<LocalSubjectAccessReview> = {
  resource: { group, resource: 'localsubjectaccessreviews' },
  validateName: () => [],
  namelessErrors: true,
  defaults: withSpec,
  async answer(review, context) {
    const { spec, metadata } = review;
    refuse([
      ...checkWhat(spec),
      ...checkSubject(spec),
      ...checkMetadata(metadata, true),
      ...checkLocal(spec, metadata?.namespace ?? ''),
    ]);
    if (context.namespace !== review.metadata?.namespace) {
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
    }
    return {
      ...review,
      metadata: answeredMetadata(review.metadata),
      status: await decide(userOf(review.spec), review.spec, context),
    };
  },
};

/** The message names neither kind nor object, as upstream's. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group, kind: '' }, '', errors);
}

/** A review without a spec asks about nothing, which validation then says. */
function withSpec(review: { spec?: object }): void {
  review.spec ??= {};
}

async function decide(
  user: UserInfo,
  spec: SelfSubjectAccessReviewSpec,
  { authorizer }: WriteContext,
): Promise<SubjectAccessReviewStatus> {
  const { attributes, errors } = attributesOf(user, spec);
  const { decision, reason, evaluationError } = await authorizer.authorize(attributes);
  const allErrors = [...(evaluationError === undefined ? [] : [evaluationError]), ...errors];
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(allErrors.length === 0 ? {} : { evaluationError: allErrors.join('; ') }),
  };
}

function userOf({ user = '', groups = [], uid, extra = {} }: SubjectAccessReviewSpec): UserInfo {
  return { username: user, groups, extra, ...(uid ? { uid } : {}) };
}

function checkSubject({ user, groups }: SubjectAccessReviewSpec): FieldError[] {
  if (user || groups?.length) return [];
  return [field.invalid('spec.user', user ?? '', 'at least one of user or group must be specified')];
}

function checkWhat({ resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec): FieldError[] {
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) {
    return checkSelectors(resourceAttributes);
  }
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [field.invalid('spec', nonResourceAttributes ?? null, detail)];
}

function checkSelectors(attributes: SelfSubjectAccessReviewSpec['resourceAttributes']): FieldError[] {
  return (['fieldSelector', 'labelSelector'] as const).flatMap((name) => {
    const selector = attributes?.[name];
    if (selector === undefined) return [];
    const path = `spec.resourceAttributes.${name}`;
    const { rawSelector = '', requirements = [] } = selector;
    if (rawSelector !== '' && requirements.length > 0) {
      return [field.invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')];
    }
    if (rawSelector !== '' || requirements.length > 0) return [];
    return [
      field.required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`),
    ];
  });
}

/** The registry has filled in what it fills in for every object; what is left came from the client. */
const systemFields: ReadonlySet<string> = new Set(['managedFields', 'uid', 'creationTimestamp']);

function checkMetadata(metadata: ObjectMeta | undefined, namespaced: boolean): FieldError[] {
  const own = Object.entries(metadata ?? {}).filter(([name, value]) => {
    return !systemFields.has(name) && value !== '' && !(namespaced && name === 'namespace');
  });
  if (own.length === 0) return [];
  const detail = namespaced ? 'must be empty except for namespace' : 'must be empty';
  return [field.invalid('metadata', metadata, detail)];
}

function checkLocal(
  { resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec,
  namespace: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const asked = resourceAttributes?.namespace ?? '';
  if (resourceAttributes !== undefined && asked !== namespace) {
    errors.push(field.invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  }
  if (nonResourceAttributes !== undefined) {
    errors.push(
      field.invalid('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request'),
    );
  }
  return errors;
}
