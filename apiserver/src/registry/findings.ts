import { mergeFindings, validateDeclared } from '@coracle/apimachinery/declared';
import { type FieldError, fieldErrorText } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ServedResource } from './served-resource.ts';

/**
 * All that is wrong with an object: what rules written by hand found, and what is declared with its type. Of built-in kinds
 * upstream tells everything once, of custom ones as often as it was found.
 */
export function findingsOf(
  { schema }: ServedResource,
  written: readonly FieldError[],
  object: KubernetesObject,
  old: KubernetesObject | undefined,
): readonly FieldError[] {
  if (schema.builtin !== true) return written;
  const distinct =
    written.length < 2 ? written : [...new Map(written.map((error) => [fieldErrorText(error), error])).values()];
  return mergeFindings(distinct, validateDeclared(object, old, schema));
}
