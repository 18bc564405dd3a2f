import { semanticEqual } from '@coracle/apimachinery/json';
import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import type { DaemonSet, DaemonSetSpec } from '@coracle/apimachinery/types/apps-v1';
import { validateImmutable } from '@coracle/apimachinery/validation';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { podSpecWarnings } from '../../core/pod/pod-warnings.ts';
import { restoreStatus } from '../../shared/status.ts';
import { setPodTemplateDefaults, specOf } from '../../shared/pod-template.ts';
import { ageColumn, ageOf, column, containerCells, labelsText, nameColumn, wideColumn } from '../../shared/table.ts';
import { validateDaemonSetSpec, validateDaemonSetStatus } from './validation.ts';

const table: TableStrategy<DaemonSet> = {
  columns: [
    nameColumn,
    column('Desired', 'integer', 'Nodes that should run the pod'),
    column('Current', 'integer', 'Nodes that do, of those that should'),
    column('Ready', 'integer', 'Nodes whose pod is ready'),
    column('Up-to-date', 'integer', 'Nodes whose pod has the present template'),
    column('Available', 'integer', 'Nodes whose pod has been ready for long enough'),
    column('Node Selector', 'string', 'Labels that nodes need'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
    wideColumn('Selector', 'string', 'Label selector of the pods'),
  ],
  row(daemonSet, now) {
    const { spec, status } = daemonSet;
    return [
      daemonSet.metadata?.name,
      status?.desiredNumberScheduled ?? 0,
      status?.currentNumberScheduled ?? 0,
      status?.numberReady ?? 0,
      status?.updatedNumberScheduled ?? 0,
      status?.numberAvailable ?? 0,
      labelsText(spec.template.spec?.nodeSelector),
      ageOf(daemonSet, now),
      ...containerCells(spec.template.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
};

/** How often the template changed: an annotation since apps/v1 has no field for it. */
const templateGeneration = 'deprecated.daemonset.template.generation';

export const daemonSetStrategy: Strategy<DaemonSet> = {
  resource: { group: 'apps', resource: 'daemonsets' },
  changesFirst: true,
  annotationsOfFields: [templateGeneration],
  defaults(object) {
    setDaemonSetDefaults(specOf(object));
    // Part of the conversion upstream: whoever writes the object owns it.
    setTemplateGeneration(object, templateGenerationOf(object));
  },
  prepareForCreate(object) {
    delete object.status;
    setTemplateGeneration(object, 1);
  },
  prepareForUpdate(object, old) {
    restoreStatus(object, old);
    const before = templateGenerationOf(old);
    const changed = !semanticEqual(object.spec.template, old.spec.template);
    setTemplateGeneration(object, changed ? before + 1 : before);
  },
  validate: (object) => validateDaemonSetSpec(object.spec, 'spec'),
  validateUpdate: (object, old) => validateImmutable(object.spec.selector, old.spec.selector, 'spec.selector'),
  warnings: (object, old) =>
    old !== undefined && templateGenerationOf(object) === templateGenerationOf(old)
      ? []
      : podSpecWarnings(object.spec.template.spec ?? { containers: [] }, 'spec.template.'),
  table,
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: (object, old) => validateDaemonSetStatus(object.status, old.status),
    },
  },
};

function templateGenerationOf({ metadata }: DaemonSet): number {
  return Number.parseInt(metadata?.annotations?.[templateGeneration] ?? '', 10) || 0;
}

function setTemplateGeneration(object: DaemonSet, generation: number): void {
  const metadata = (object.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) };
}

function setDaemonSetDefaults(spec: DaemonSetSpec): void {
  setPodTemplateDefaults(spec);
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rollingUpdate = (strategy.rollingUpdate ??= {});
    rollingUpdate.maxUnavailable ??= 1;
    rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
}
