import type { StatefulSet, StatefulSetSpec } from '@coracle/apimachinery/types/apps-v1';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import { nameIsDnsLabel } from '@coracle/apimachinery/validation';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { podTemplateWarnings, setPodTemplateDefaults, specOf } from '../../shared/pod-template.ts';
import { scaleView } from '../../shared/scale.ts';
import { ageColumn, ageOf, column, containerCells, nameColumn, wideColumn } from '../../shared/table.ts';
import { validateStatefulSetSpec, validateStatefulSetStatus, validateStatefulSetUpdate } from './validation.ts';

const table: TableStrategy<StatefulSet> = {
  columns: [
    nameColumn,
    column('Ready', 'string', 'Ready pods of those that are wanted'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
  ],
  row(statefulSet, now) {
    const { spec, status } = statefulSet;
    const ready = `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    return [
      statefulSet.metadata?.name,
      ready,
      ageOf(statefulSet, now),
      ...containerCells(spec.template.spec?.containers),
    ];
  },
};

const keepsAllRevisions =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

export const statefulSetStrategy: Strategy<StatefulSet> = {
  resource: { group: 'apps', resource: 'statefulsets' },
  validateName: nameIsDnsLabel,
  defaults: (object) => setStatefulSetDefaults(specOf(object)),
  validate: (object, old) => validateStatefulSetSpec(object.spec, old?.spec, 'spec'),
  validateUpdate: (object, old) => validateStatefulSetUpdate(object.spec, old.spec, 'spec'),
  warnings: (object, old) => [
    ...podTemplateWarnings(object, old, object.spec.template),
    ...((object.spec.revisionHistoryLimit ?? 0) < 0 ? [keepsAllRevisions] : []),
  ],
  table,
  subresources: {
    scale: scaleView(),
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: (object, old) => validateStatefulSetStatus(object.status, old.status),
    },
  },
};

function setStatefulSetDefaults(spec: StatefulSetSpec): void {
  setPodTemplateDefaults(spec);
  spec.podManagementPolicy ||= 'OrderedReady';
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) {
    strategy.rollingUpdate.partition ??= 0;
    strategy.rollingUpdate.maxUnavailable ??= 1;
  }
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimTemplateDefaults(claim);
}

/** A claim template is a whole object: it says what it is, and has a phase. */
function setClaimTemplateDefaults(claim: PersistentVolumeClaim): void {
  claim.kind = 'PersistentVolumeClaim';
  claim.apiVersion = 'v1';
  (claim.status ??= {}).phase ||= 'Pending';
  specOf(claim).volumeMode ??= 'Filesystem';
}
