import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Container } from '../runtime/index.ts';
import { isExited, isRunning } from './observed.ts';

/** Whether a container that ended with this code runs again (KEP-5307: rules, then its own policy, then the pod's). */
export function restartsAfter(container: ContainerSpec, pod: Pod, exitCode: number): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const named = exitCodes?.values?.includes(exitCode) ?? false;
    if (action === 'Restart' && exitCodes && (exitCodes.operator === 'In') === named) return true;
  }
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** Whether this container has to be started, again or for the first time. */
export function shouldStart(container: ContainerSpec, pod: Pod, newest: Container | undefined): boolean {
  if (pod.metadata?.deletionTimestamp) return false;
  if (!newest) return true;
  if (isRunning(newest)) return false;
  return isExited(newest) ? restartsAfter(container, pod, newest.exitCode) : true;
}

/** Probe failures ask the policy only: there is no exit code yet. */
export function restartsWhenKilled(container: ContainerSpec, pod: Pod): boolean {
  return (container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') !== 'Never';
}
