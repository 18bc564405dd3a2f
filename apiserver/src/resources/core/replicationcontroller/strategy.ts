import { type FieldError, field } from '@coracle/apimachinery/errors';
import { selectorOfLabels } from '@coracle/apimachinery/selectors';
import type { ReplicationController, ReplicationControllerSpec } from '@coracle/apimachinery/types/core-v1';
import { validateNonNegative } from '@coracle/apimachinery/validation';
import { validateCounters, validateNotAbove } from '../../shared/counters.ts';
import { podMakerWarnings, setPodTemplateDefaults, validatePodTemplate } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { scaleView } from '../../shared/scale.ts';
import { ageColumn, ageOf, column, containerCells, labelsText, nameColumn, wideColumn } from '../../shared/table.ts';

const counters = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'];

/** Source: pkg/registry/core/replicationcontroller. */
export const replicationControllerStrategy: Strategy<ReplicationController> = {
  resource: { group: '', resource: 'replicationcontrollers' },
  declaresName: true,
  defaults: setControllerDefaults,
  validate: ({ spec }) => specErrors(spec ?? {}),
  // Upstream judges the old template on an update.
  warnings: (object, old) => podMakerWarnings(object, old, (old ?? object).spec?.template),
  deletion: { defaultPropagation: 'orphan' },
  fields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  table: {
    columns: [
      nameColumn,
      column('Desired', 'integer', 'Pods that are wanted'),
      column('Current', 'integer', 'Pods that there are'),
      column('Ready', 'integer', 'Pods that are ready'),
      ageColumn,
      wideColumn('Containers', 'string', 'Names of the containers'),
      wideColumn('Images', 'string', 'Images of the containers'),
      wideColumn('Selector', 'string', 'Labels of the pods'),
    ],
    row: (controller, now) => {
      const { metadata, spec, status } = controller;
      return [
        metadata?.name,
        spec?.replicas ?? 0,
        status?.replicas ?? 0,
        status?.readyReplicas ?? 0,
        ageOf(controller, now),
        ...containerCells(spec?.template?.spec?.containers),
        labelsText(spec?.selector),
      ];
    },
  },
  subresources: {
    scale: scaleView(({ spec }) => selectorOfLabels(spec?.selector ?? {}).toString()),
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: ({ status }) => [
        ...validateCounters(status, counters, 'status'),
        ...validateNotAbove(
          status,
          ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
          'replicas',
          'cannot be greater than status.replicas',
          'status',
        ),
        ...validateNotAbove(
          status,
          ['availableReplicas'],
          'readyReplicas',
          'cannot be greater than readyReplicas',
          'status',
        ),
      ],
    },
  },
};

/** Selector and labels come from the template where they are not given. */
function setControllerDefaults(controller: ReplicationController): void {
  const spec = (controller.spec ??= {});
  spec.replicas ??= 1;
  if (!spec.template) return;
  setPodTemplateDefaults(spec);
  const { labels } = spec.template.metadata ?? {};
  if (!labels) return;
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  const meta = (controller.metadata ??= {});
  if (Object.keys(meta.labels ?? {}).length === 0) meta.labels = { ...labels };
}

function specErrors({
  replicas = 0,
  minReadySeconds = 0,
  selector = {},
  template,
}: ReplicationControllerSpec): FieldError[] {
  const errors = [
    ...validateNonNegative(minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonNegative(replicas, 'spec.replicas'),
  ];
  const empty = Object.keys(selector).length === 0;
  if (empty) errors.push(field.required('spec.selector'));
  const path = 'spec.template';
  if (!template) return [...errors, field.required(path)];
  const labels = template.metadata?.labels;
  if (!empty && !Object.entries(selector).every(([name, value]) => labels?.[name] === value)) {
    errors.push(field.invalid(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`'));
  }
  errors.push(...validatePodTemplate(template, path));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always')
    errors.push(field.notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(field.forbidden(`${path}.spec.activeDeadlineSeconds`, text));
  }
  return errors;
}
