import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '@coracle/apimachinery/types/core-v1';
import type { Strategy } from '../../shared/registry.ts';
import { restoreStatus } from '../../shared/status.ts';
import { ageColumn, ageOf, column, nameColumn, orUnset, wideColumn } from '../../shared/table.ts';
import { accessModesText } from '../persistentvolume/access-modes.ts';
import { storageClassAnnotation } from '../persistentvolume/strategy.ts';
import { roundUpToMilli } from '../pod/pod-spec-defaults.ts';
import { claimErrors, claimStatusErrors, claimUpdateErrors } from './validation.ts';

/** Source: pkg/registry/core/persistentvolumeclaim. */
export const persistentVolumeClaimStrategy: Strategy<PersistentVolumeClaim> = {
  resource: { group: '', resource: 'persistentvolumeclaims' },
  defaults(claim) {
    const spec = (claim.spec ??= {});
    spec.volumeMode ??= 'Filesystem';
    if (spec.resources?.requests) roundUpToMilli(spec.resources.requests);
    if (claim.status) claim.status.phase ||= 'Pending';
  },
  resetFields: [['status']],
  generation: 'none',
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    if (claim.spec) settleDataSource(claim.spec, undefined);
  },
  prepareForUpdate(claim, old) {
    restoreStatus(claim, old);
    if (claim.spec) settleDataSource(claim.spec, old.spec);
  },
  validate: ({ spec }) => claimErrors(spec ?? {}, 'spec'),
  validateUpdate: claimUpdateErrors,
  judgesNamesAgain: true,
  deletion: { returnsObject: true },
  fields: ({ metadata }) => ({ name: metadata?.name ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'Phase of its life'),
      column('Volume', 'string', 'Volume it is bound to'),
      column('Capacity', 'string', 'Size of that volume'),
      column('Access Modes', 'string', 'How it can be mounted'),
      column('StorageClass', 'string', 'Class that was asked for'),
      column('VolumeAttributesClass', 'string', 'Class of its attributes'),
      ageColumn,
      wideColumn('VolumeMode', 'string', 'File system or block device'),
    ],
    row: (claim, now) => {
      const { metadata, spec, status } = claim;
      const bound = Boolean(spec?.volumeName);
      return [
        metadata?.name,
        metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec?.volumeName ?? '',
        bound ? (status?.capacity?.['storage'] ?? '0') : '',
        bound ? accessModesText(status?.accessModes) : '',
        metadata?.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? '',
        orUnset(spec?.volumeAttributesClassName),
        ageOf(claim, now),
        orUnset(spec?.volumeMode),
      ];
    },
  },
  subresources: { status: { type: 'update', resetFields: [['spec']], validateUpdate: claimStatusErrors } },
};

/** `dataSource` and `dataSourceRef` say the same unless the reference leaves the namespace (KEP-1495). */
function settleDataSource(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec | undefined): void {
  const inUse = before?.dataSource !== undefined || before?.dataSourceRef !== undefined;
  // Sources in other namespaces are an alpha feature: without it they are dropped.
  if (spec.dataSourceRef?.namespace && before?.dataSourceRef === undefined) delete spec.dataSourceRef;
  if (spec.dataSource && !spec.dataSourceRef) {
    // A source that the old field never supported was always ignored.
    if (!inUse && !isClassicSource(spec.dataSource)) delete spec.dataSource;
    else spec.dataSourceRef = { ...spec.dataSource };
  } else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { apiGroup, kind, name } = spec.dataSourceRef;
    spec.dataSource = apiGroup === undefined ? { kind, name } : { apiGroup, kind, name };
  }
}

function isClassicSource({ apiGroup, kind }: { apiGroup?: string; kind: string }): boolean {
  if (!apiGroup) return kind === 'PersistentVolumeClaim';
  return apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
}
