import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { Container, PodSpec, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import type { Job, JobSpec } from '@coracle/apimachinery/types/batch-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import { hasCondition } from './status-validation.ts';

const immutable = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const;

/** What may not change of a job (pkg/apis/batch/validation.ValidateJobSpecUpdate). */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const spec = job.spec as JobSpec;
  const before = old.spec as JobSpec;
  return [
    ...validateCompletions(spec, before),
    ...validateImmutable(spec.selector, before.selector, 'spec.selector'),
    ...validateTemplate(spec.template, before.template, old),
    ...immutable.flatMap((name) => validateImmutable(spec[name], before[name], `spec.${name}`)),
  ];
}

function validateCompletions(spec: JobSpec, before: JobSpec): FieldError[] {
  const path = 'spec.completions';
  if (spec.completionMode !== 'Indexed') return validateImmutable(spec.completions, before.completions, path);
  if (spec.completions === undefined || spec.completions === before.completions) return [];
  if (spec.completions === spec.parallelism) return [];
  return [field.invalid(path, spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** A suspended job that has not started, or has stopped, may still be sent elsewhere and given other resources. */
function validateTemplate(template: PodTemplateSpec, before: PodTemplateSpec, old: Job): FieldError[] {
  const suspended = old.spec?.suspend === true;
  const idle = old.status?.startTime === undefined || hasCondition(old, 'Suspended');
  const movable = suspended && idle && (old.status?.active ?? 0) === 0;
  if (!movable) return validateImmutable(template, before, 'spec.template');
  const allowed = withDirectivesOf(before, template);
  if (!suspended) return validateImmutable(template, allowed, 'spec.template');
  const pod = withResourcesOf(allowed.spec ?? {}, template.spec ?? {});
  return semanticEqual(template.spec, pod)
    ? []
    : [field.invalid('spec.template.spec', template.spec, 'field is immutable')];
}

function withDirectivesOf(before: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec ?? {};
  const spec = { ...before.spec, nodeSelector, tolerations, schedulingGates } as PodSpec;
  const { nodeAffinity: _, ...others } = before.spec?.affinity ?? {};
  if (affinity?.nodeAffinity) spec.affinity = { ...others, nodeAffinity: affinity.nodeAffinity };
  else if (affinity || Object.keys(others).length > 0) spec.affinity = others;
  else delete spec.affinity;
  const { annotations, labels } = template.metadata ?? {};
  return { metadata: { ...before.metadata, annotations, labels } as NonNullable<PodTemplateSpec['metadata']>, spec };
}

function withResourcesOf(before: Partial<PodSpec>, spec: Partial<PodSpec>): Partial<PodSpec> {
  return {
    ...before,
    containers: sameResources(before.containers ?? [], spec.containers ?? []),
    ...(before.initContainers
      ? { initContainers: sameResources(before.initContainers, spec.initContainers ?? []) }
      : {}),
  };
}

function sameResources(before: readonly Container[], containers: readonly Container[]): Container[] {
  if (before.length !== containers.length) return [...before];
  return before.map((container, index) => {
    const other = containers[index] as Container;
    return other.name === container.name ? ({ ...container, resources: other.resources } as Container) : container;
  });
}
