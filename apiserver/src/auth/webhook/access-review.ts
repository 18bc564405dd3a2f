import { parseFieldSelector, parseLabelSelector, type LabelOperator } from '@coracle/apimachinery/selectors';
import type {
  ResourceAttributes,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '@coracle/apimachinery/types/authorization-v1';
import type { AuthorizationAttributes } from '../authorizer.ts';
import type { ReviewVersion } from '../authorization/configuration.ts';

/** The question that a webhook is asked, without what is empty. */
export function reviewSpecOf(attributes: AuthorizationAttributes): SubjectAccessReviewSpec {
  const { username, uid, groups, extra } = attributes.user;
  const subject = {
    ...filled({ user: username }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(Object.keys(extra).length === 0 ? {} : { extra: extra as Record<string, string[]> }),
    ...(uid ? { uid } : {}),
  };
  if (attributes.isResourceRequest) return { resourceAttributes: resourceAttributesOf(attributes), ...subject };
  return { nonResourceAttributes: filled({ path: attributes.path, verb: attributes.verb }), ...subject };
}

function resourceAttributesOf(attributes: AuthorizationAttributes): ResourceAttributes {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name } = attributes;
  const fields = requirementsOf(attributes.fieldSelector, fieldRequirements);
  const labels = requirementsOf(attributes.labelSelector, labelRequirements);
  return {
    ...filled({ namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name }),
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  };
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

/** None where the selector does not parse: the question is then about more, which is the safe side. */
function requirementsOf(selector: string | undefined, read: (text: string) => Requirement[]): Requirement[] {
  if (selector === undefined) return [];
  try {
    return read(selector);
  } catch {
    return [];
  }
}

const fieldRequirements = (text: string): Requirement[] =>
  parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }));

/** Those that a review has no word for (`gt`, `lt`) are left out. */
const reviewOperators: Readonly<Partial<Record<LabelOperator, string>>> = {
  '=': 'In',
  '==': 'In',
  in: 'In',
  '!=': 'NotIn',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

const labelRequirements = (text: string): Requirement[] =>
  parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const told = reviewOperators[operator];
    if (told === undefined) return [];
    return [{ key, operator: told, ...(values.length === 0 ? {} : { values: values.toSorted() }) }];
  });

function filled(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
}

/** The body of the request, in the version that the webhook speaks; v1beta1 calls the groups `group`. */
export function reviewBody(spec: SubjectAccessReviewSpec, version: ReviewVersion): string {
  const { groups, ...rest } = spec;
  const named = groups === undefined ? {} : version === 'v1' ? { groups } : { group: groups };
  return JSON.stringify({
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${version}`,
    metadata: {},
    spec: { ...rest, ...named },
    status: { allowed: false },
  });
}

/** Throws where it is no review of the version asked in. What the answer leaves out of kind and version is as asked. */
export function readReview(answer: unknown, version: ReviewVersion): SubjectAccessReviewStatus {
  const wanted = `authorization.k8s.io/${version}`;
  if (typeof answer !== 'object' || answer === null) throw new Error('the answer is no SubjectAccessReview');
  const { kind = 'SubjectAccessReview', apiVersion = wanted, status = {} } = answer as Record<string, unknown>;
  if (kind !== 'SubjectAccessReview' || apiVersion !== wanted) {
    throw new Error(`the answer is ${String(apiVersion)} ${String(kind)}: ${wanted} SubjectAccessReview is expected`);
  }
  const { allowed = false, denied, reason, evaluationError } = (status ?? {}) as Partial<SubjectAccessReviewStatus>;
  const flags = [allowed, denied ?? false].every((each) => typeof each === 'boolean');
  const texts = [reason ?? '', evaluationError ?? ''].every((each) => typeof each === 'string');
  if (flags && texts) return { allowed, ...(denied && { denied }), ...(reason && { reason }) };
  throw new Error('the answer has a status whose allowed, denied or reason is of another type');
}
