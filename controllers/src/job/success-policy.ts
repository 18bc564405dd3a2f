import type { SuccessPolicy } from '@coracle/apimachinery/types/batch-v1';
import { IndexSet } from './indexes.ts';

/** The message of the first rule that the succeeded indexes meet (KEP-3998). */
export function matchSuccessPolicy(
  policy: SuccessPolicy | undefined,
  completions: number,
  succeeded: IndexSet,
): string | undefined {
  if (!policy || succeeded.total === 0) return undefined;
  const index = (policy.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.total >= succeededCount;
    const required = IndexSet.parse(succeededIndexes, completions);
    if (required.total === 0) return false;
    const met = required.overlap(succeeded);
    return met === required.total || (succeededCount !== undefined && met >= succeededCount);
  });
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}
