import type { PersistentVolume } from '@coracle/apimachinery/types/core-v1';
import { type Strategy, timestamp } from '../../shared/registry.ts';
import { restoreStatus } from '../../shared/status.ts';
import { ageColumn, ageOf, column, nameColumn, orUnset, wideColumn } from '../../shared/table.ts';
import { roundUpToMilli } from '../pod/pod-spec-defaults.ts';
import { accessModesText } from './access-modes.ts';
import { volumeErrors, volumeUpdateErrors } from './validation.ts';

export const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Source: pkg/registry/core/persistentvolume. */
export const persistentVolumeStrategy: Strategy<PersistentVolume> = {
  resource: { group: '', resource: 'persistentvolumes' },
  defaults({ spec, status }) {
    if (status) status.phase ||= 'Pending';
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
    if (spec.capacity) roundUpToMilli(spec.capacity);
  },
  resetFields: [['status']],
  generation: 'none',
  prepareForCreate(volume, { environment }) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(environment.clock.now()) };
  },
  prepareForUpdate(volume, old) {
    restoreStatus(volume, old);
  },
  validate: volumeErrors,
  validateUpdate: volumeUpdateErrors,
  deletion: { returnsObject: true },
  fields: ({ metadata }) => ({ name: metadata?.name ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Capacity', 'string', 'Size of the volume'),
      column('Access Modes', 'string', 'How it can be mounted'),
      column('Reclaim Policy', 'string', 'What happens to it after its claim'),
      column('Status', 'string', 'Phase of its life'),
      column('Claim', 'string', 'Claim it is bound to'),
      column('StorageClass', 'string', 'Class it belongs to'),
      column('VolumeAttributesClass', 'string', 'Class of its attributes'),
      column('Reason', 'string', 'Why it is in its phase'),
      ageColumn,
      wideColumn('VolumeMode', 'string', 'File system or block device'),
    ],
    row: (volume, now) => {
      const { metadata, spec, status } = volume;
      return [
        metadata?.name,
        spec?.capacity?.['storage'] ?? '0',
        accessModesText(spec?.accessModes),
        spec?.persistentVolumeReclaimPolicy ?? '',
        metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
        metadata?.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? '',
        orUnset(spec?.volumeAttributesClassName),
        status?.reason ?? '',
        ageOf(volume, now),
        orUnset(spec?.volumeMode),
      ];
    },
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      prepareForUpdate(volume, old, { environment }) {
        if (old.spec === undefined) delete volume.spec;
        else volume.spec = old.spec;
        const status = (volume.status ??= {});
        const before = old.status?.lastPhaseTransitionTime;
        const changed = status.phase !== old.status?.phase;
        if (!changed && before !== undefined) status.lastPhaseTransitionTime ??= before;
        if (!changed || (status.lastPhaseTransitionTime !== undefined && status.lastPhaseTransitionTime !== before))
          return;
        status.lastPhaseTransitionTime = timestamp(environment.clock.now());
      },
    },
  },
};
