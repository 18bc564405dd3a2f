import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { FargateProfile, FargateSelector } from '../../cloud/resources.ts';

export const fargateSchedulerName = 'fargate-scheduler';
export const fargateProfileLabel = 'eks.amazonaws.com/fargate-profile';
/** Label and NoSchedule taint of Fargate machines. */
export const computeTypeKey = 'eks.amazonaws.com/compute-type';

/**
 * The profile that a pod of this namespace runs under: the one its own label names, where that one matches, else the
 * first by name of those that match. Undefined where none does.
 */
export function matchProfile(
  profiles: readonly FargateProfile[],
  namespace: string,
  pod: Pick<Pod, 'metadata'>,
): string | undefined {
  const labels = pod.metadata?.labels ?? {};
  const names = profiles
    .filter((profile) => profile.metadata.deletionTimestamp === undefined)
    .filter((profile) => profile.spec.selectors.some((selector) => matchesSelector(selector, namespace, labels)))
    .map((profile) => profile.metadata.name ?? '')
    .toSorted();
  const own = labels[fargateProfileLabel];
  return own !== undefined && names.includes(own) ? own : names[0];
}

/** Every label of the selector must be met by some label of the pod; `*` and `?` are wildcards on both sides of the `=`. */
export function matchesSelector(
  selector: FargateSelector,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!matchesWildcard(selector.namespace, namespace)) return false;
  return Object.entries(selector.labels ?? {}).every(([key, value]) =>
    Object.entries(labels).some(([name, text]) => matchesWildcard(key, name) && matchesWildcard(value, text)),
  );
}

/** `*` is any text, `?` any one character. Linear in the length of the text for each star. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      resumeAt = at;
    } else if (wanted === '?' || wanted === text[at]) {
      patternAt++;
      at++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
