import { parseFieldSelector, parseLabelSelector, selectorOf, escapeFieldValue } from '@coracle/apimachinery/selectors';
import type { ResourceAttributes, SelfSubjectAccessReviewSpec } from '@coracle/apimachinery/types/authorization-v1';
import type { AuthorizationAttributes } from '../../auth/authorizer.ts';
import type { UserInfo } from '../../http/api-request.ts';

/** What a review asks about. A selector that does not parse is left out, which asks for more, and is told as an error. */
export function attributesOf(
  user: UserInfo,
  { resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec,
): { attributes: AuthorizationAttributes; errors: string[] } {
  const errors: string[] = [];
  const {
    verb = '',
    namespace = '',
    group = '',
    version,
    resource = '',
    subresource = '',
    name = '',
  } = resourceAttributes ?? {};
  const fields = resourceAttributes && textOf('fieldSelector', resourceAttributes, fieldText, errors);
  const labels = resourceAttributes && textOf('labelSelector', resourceAttributes, labelText, errors);
  return {
    errors,
    attributes: {
      user,
      verb: resourceAttributes === undefined ? (nonResourceAttributes?.verb ?? '') : verb,
      isResourceRequest: resourceAttributes !== undefined,
      namespace,
      apiGroup: group,
      apiVersion: version || '*',
      resource,
      subresource,
      name,
      path: nonResourceAttributes?.path ?? '',
      ...(fields === undefined ? {} : { fieldSelector: fields }),
      ...(labels === undefined ? {} : { labelSelector: labels }),
    },
  };
}

function textOf(
  name: 'fieldSelector' | 'labelSelector',
  attributes: ResourceAttributes,
  convert: (attributes: ResourceAttributes) => string | undefined,
  errors: string[],
): string | undefined {
  try {
    return convert(attributes);
  } catch {
    errors.push(`spec.resourceAttributes.${name} ignored due to parse error`);
    return undefined;
  }
}

function fieldText({ fieldSelector }: ResourceAttributes): string | undefined {
  const { rawSelector, requirements = [] } = fieldSelector ?? {};
  if (rawSelector) return parseFieldSelector(rawSelector).toString();
  if (requirements.length === 0) return undefined;
  const terms = requirements.map(({ key, operator, values = [] }) => {
    const [value, more] = values;
    if (value === undefined || more !== undefined) throw new Error('fieldSelectors must have one value');
    if (operator !== 'In' && operator !== 'NotIn') throw new Error(`fieldSelectors do not yet support ${operator}`);
    return `${key}${operator === 'In' ? '=' : '!='}${escapeFieldValue(value)}`;
  });
  return terms.join(',');
}

function labelText({ labelSelector }: ResourceAttributes): string | undefined {
  const { rawSelector, requirements = [] } = labelSelector ?? {};
  if (rawSelector) return parseLabelSelector(rawSelector).toString();
  return requirements.length === 0 ? undefined : selectorOf({ matchExpressions: requirements as never }).toString();
}
