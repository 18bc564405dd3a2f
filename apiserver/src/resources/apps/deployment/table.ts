import type { Deployment } from '@coracle/apimachinery/types/apps-v1';
import type { TableStrategy } from '../../shared/registry.ts';
import { parseSelector } from '../../shared/pod-template.ts';
import { ageColumn, ageOf, column, containerCells, nameColumn, wideColumn } from '../../shared/table.ts';

export const deploymentTable: TableStrategy<Deployment> = {
  columns: [
    nameColumn,
    column('Ready', 'string', 'Ready pods of those that are wanted'),
    column('Up-to-date', 'string', 'Pods of the present template'),
    column('Available', 'string', 'Pods that have been ready for long enough'),
    ageColumn,
    wideColumn('Containers', 'string', 'Names of the containers'),
    wideColumn('Images', 'string', 'Images of the containers'),
    wideColumn('Selector', 'string', 'Label selector of the pods'),
  ],
  row(deployment, now) {
    const { spec, status } = deployment;
    return [
      deployment.metadata?.name,
      `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf(deployment, now),
      ...containerCells(spec.template.spec?.containers),
      parseSelector(spec.selector)?.toString() ?? '<invalid>',
    ];
  },
};
