import { semanticEqual } from '@coracle/apimachinery/json';
import type { Deployment } from '@coracle/apimachinery/types/apps-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import type { Strategy } from '../../shared/registry.ts';
import { podMakerWarnings, setPodTemplateDefaults, specOf } from '../../shared/pod-template.ts';
import { scaleView } from '../../shared/scale.ts';
import { deploymentTable } from './table.ts';
import { validateDeploymentSpec, validateDeploymentStatus } from './validation.ts';

export const deploymentStrategy: Strategy<Deployment> = {
  resource: { group: 'apps', resource: 'deployments' },
  defaults: setDeploymentDefaults,
  /** Annotations are copied to the replica sets, so a new one is a change of what is wanted. */
  generation: (object, old) =>
    !semanticEqual(object.spec, old.spec) || !semanticEqual(object.metadata?.annotations, old.metadata?.annotations),
  validate: (object) => validateDeploymentSpec(object.spec, 'spec'),
  validateUpdate: (object, old) => validateImmutable(object.spec.selector, old.spec.selector, 'spec.selector'),
  warnings: (object, old) => podMakerWarnings(object, old, object.spec?.template),
  table: deploymentTable,
  subresources: {
    scale: scaleView(),
    status: {
      type: 'update',
      resetFields: [['spec'], ['metadata', 'labels']],
      validateUpdate: (object, old) => validateDeploymentStatus(object.status, old.status),
    },
  },
};

function setDeploymentDefaults(deployment: Deployment): void {
  const spec = specOf(deployment);
  setPodTemplateDefaults(spec);
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rollingUpdate = (strategy.rollingUpdate ??= {});
    rollingUpdate.maxUnavailable ??= '25%';
    rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
}
