import { groupVersion } from '@coracle/apimachinery/schema';

/** `core_v1`, `apps_v1`, `rbacAuthorization_v1`; without a version `apps`. Source: apiserver `pkg/endpoints/openapi`. */
export function tagOf({ group, version }: { readonly group: string; readonly version?: string }): string {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  const [first = '', ...rest] = words;
  return `${first}${rest.map(pascal).join('')}${version === undefined ? '' : `_${version}`}`;
}

/** `CoreV1`, the middle of operation names. */
export function prefixOf(gv: { readonly group: string; readonly version?: string }): string {
  return pascal(tagOf(gv).replace('_', '.'));
}

/** `/api/v1` or `/apis/apps/v1`. */
export function rootOf(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? `/api/${gv.version}` : `/apis/${groupVersion(gv)}`;
}

export function pascal(text: string): string {
  return text
    .split(/[.\-_/]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

/** `a Pod`, `an Ingress`, but `Endpoints` (apiserver `GetArticleForNoun`). */
export function withArticle(noun: string): string {
  if (noun.endsWith('s') && !noun.endsWith('ss')) return noun;
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}
