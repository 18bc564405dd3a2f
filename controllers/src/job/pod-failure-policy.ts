import type {
  Job,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '@coracle/apimachinery/types/batch-v1';
import type { ContainerStatus, Pod } from '@coracle/apimachinery/types/core-v1';

export interface FailureVerdict {
  /** Whether the failure counts towards the back-off limit. */
  readonly countsAsFailure: boolean;
  readonly action?: 'Ignore' | 'FailIndex' | 'Count' | 'FailJob';
  /** Why the whole job fails, with the action `FailJob`. */
  readonly jobFailure?: string;
}

/** What the first matching rule of the job's pod failure policy says about a failed pod (KEP-3329). */
export function failurePolicyOf(job: Job, pod: Pod): FailureVerdict {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  for (const [index, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchRule(rule, pod);
    if (match === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { countsAsFailure: false, action: 'Ignore' };
      case 'FailIndex':
      case 'Count':
        return { countsAsFailure: true, action: rule.action };
      case 'FailJob': {
        const suffix = `matching FailJob rule at index ${index}`;
        const jobFailure =
          typeof match === 'string'
            ? `Pod ${namespace}/${name} has condition ${match} ${suffix}`
            : `Container ${match.name} for pod ${namespace}/${name} failed with exit code ${match.state?.terminated?.exitCode} ${suffix}`;
        return { countsAsFailure: true, action: 'FailJob', jobFailure };
      }
      default:
        // An action of a later version: the rule is as if it were not there.
        continue;
    }
  }
  return { countsAsFailure: true };
}

/** The container or the condition type that the rule matches. */
function matchRule(rule: PodFailurePolicyRule, pod: Pod): ContainerStatus | string | undefined {
  if (rule.onExitCodes) {
    return (
      matchContainer(pod.status?.containerStatuses, rule.onExitCodes) ??
      matchContainer(pod.status?.initContainerStatuses, rule.onExitCodes)
    );
  }
  const match = (pod.status?.conditions ?? []).find(({ type, status }) =>
    (rule.onPodConditions ?? []).some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  );
  return match?.type;
}

function matchContainer(
  statuses: readonly ContainerStatus[] | undefined,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  return statuses?.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0) return false;
    if (containerName !== undefined && containerName !== name) return false;
    const listed = (values ?? []).includes(exitCode);
    return operator === 'In' ? listed : operator === 'NotIn' && !listed;
  });
}
