import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import type { ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { podMakerWarnings, setPodTemplateDefaults, specOf } from '../../shared/pod-template.ts';
import { scaleView } from '../../shared/scale.ts';
import { ageColumn, ageOf, column, containerCells, nameColumn, wideColumn } from '../../shared/table.ts';
import { validateReplicaSetSpec, validateReplicaSetStatus } from './validation.ts';

const table: TableStrategy<ReplicaSet> = {
  columns: [
    nameColumn,
    column('Desired', 'integer', 'Pods that are wanted'),
    column('Current', 'integer', 'Pods that there are'),
    column('Ready', 'integer', 'Pods that are ready'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
    wideColumn('Selector', 'string', 'Label selector of the pods'),
  ],
  row(replicaSet, now) {
    const { spec, status } = replicaSet;
    return [
      replicaSet.metadata?.name,
      spec.replicas ?? 0,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(replicaSet, now),
      ...containerCells(spec.template?.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
};

export const replicaSetStrategy: Strategy<ReplicaSet> = {
  resource: { group: 'apps', resource: 'replicasets' },
  defaults(object) {
    const spec = specOf(object);
    setPodTemplateDefaults(spec);
    spec.replicas ??= 1;
  },
  validate: (object) => validateReplicaSetSpec(object.spec, 'spec'),
  validateUpdate: (object, old) => validateImmutable(object.spec.selector, old.spec.selector, 'spec.selector'),
  warnings: (object, old) => podMakerWarnings(object, old, object.spec?.template),
  fields: (object) => ({ 'status.replicas': String(object.status?.replicas ?? 0) }),
  table,
  subresources: {
    scale: scaleView(),
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: (object) => validateReplicaSetStatus(object.status),
    },
  },
};
