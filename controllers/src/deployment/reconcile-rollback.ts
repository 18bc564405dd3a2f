import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { DeploymentPlan, PlannedEvent } from './plan.ts';
import { annotations, byRevision, ownAnnotations, revisionOf, sameTemplate, withoutHash } from './replica-sets.ts';

/** The revision that `deprecated.deployment.rollback.revision` asks for; 0 is the one before the current. */
export function rollbackTarget(deployment: Deployment): bigint | undefined {
  const text = deployment.metadata?.annotations?.[annotations.rollbackTo];
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Puts the template of an earlier revision into the spec and clears the request. */
export function planRollback(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): Pick<DeploymentPlan, 'deployment' | 'events'> {
  const wanted = rollbackTarget(deployment) || lastRevision(sets);
  const cleared = withAnnotations(deployment, without(deployment.metadata?.annotations, annotations.rollbackTo));
  const warn = (reason: string, message: string): Pick<DeploymentPlan, 'deployment' | 'events'> => ({
    deployment: cleared,
    events: [{ type: 'Warning', reason, message }],
  });
  if (wanted === 0n) return warn('DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  const target = sets.find((set) => revisionOf(set) === wanted);
  if (!target) return warn('DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  if (sameTemplate(target.spec?.template, deployment.spec?.template)) {
    return warn(
      'DeploymentRollbackTemplateUnchanged',
      `The rollback revision contains the same template as current deployment "${deployment.metadata?.name}"`,
    );
  }
  const message = `Rolled back deployment "${deployment.metadata?.name}" to revision ${wanted}`;
  const event: PlannedEvent = { type: 'Normal', reason: 'DeploymentRollback', message };
  const kept = pick(cleared.metadata?.annotations, (key) => ownAnnotations.has(key));
  const copied = pick(target.metadata?.annotations, (key) => !ownAnnotations.has(key));
  const spec = { ...deployment.spec, template: withoutHash(target.spec.template) ?? deployment.spec.template };
  return { deployment: { ...withAnnotations(cleared, { ...kept, ...copied }), spec }, events: [event] };
}

/** The second highest revision. */
function lastRevision(sets: readonly ReplicaSet[]): bigint {
  const second = [...sets].sort(byRevision).at(-2);
  return second ? revisionOf(second) : 0n;
}

function withAnnotations(deployment: Deployment, next: Record<string, string>): Deployment {
  return { ...deployment, metadata: { ...deployment.metadata, annotations: next } };
}

function without(map: Record<string, string> | undefined, removed: string): Record<string, string> {
  return pick(map, (key) => key !== removed);
}

function pick(map: Record<string, string> | undefined, wanted: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => wanted(key)));
}
