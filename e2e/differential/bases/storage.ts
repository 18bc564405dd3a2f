import { type Base, base } from './base.ts';

const request = {
  name: 'gpu',
  exactly: {
    deviceClassName: 'gpu.example.com',
    count: 1,
    selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }],
  },
};
const claim = {
  devices: {
    requests: [
      request,
      {
        name: 'either',
        firstAvailable: [
          { name: 'big', deviceClassName: 'big.example.com' },
          { name: 'small', deviceClassName: 'small.example.com' },
        ],
      },
    ],
    constraints: [{ requests: ['gpu'], matchAttribute: 'gpu.example.com/numa' }],
    config: [{ requests: ['gpu'], opaque: { driver: 'gpu.example.com', parameters: { a: 1 } } }],
  },
};

export const storageBases: readonly Base[] = [
  base('storage.k8s.io/v1', 'StorageClass', {
    provisioner: 'csi.example.com',
    parameters: { type: 'ssd' },
    reclaimPolicy: 'Retain',
    mountOptions: ['ro'],
    allowVolumeExpansion: true,
    volumeBindingMode: 'WaitForFirstConsumer',
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }],
  }),
  base('storage.k8s.io/v1', 'CSIDriver', {
    spec: {
      attachRequired: true,
      podInfoOnMount: true,
      volumeLifecycleModes: ['Persistent', 'Ephemeral'],
      storageCapacity: true,
      fsGroupPolicy: 'File',
      tokenRequests: [{ audience: 'a', expirationSeconds: 3600 }],
      requiresRepublish: true,
      seLinuxMount: false,
    },
  }),
  base('storage.k8s.io/v1', 'CSINode', {
    spec: { drivers: [{ name: 'csi.example.com', nodeID: 'n1', topologyKeys: ['zone'], allocatable: { count: 10 } }] },
  }),
  base('storage.k8s.io/v1', 'CSIStorageCapacity', {
    storageClassName: 'slow',
    capacity: '10Gi',
    maximumVolumeSize: '1Gi',
    nodeTopology: { matchLabels: { zone: 'a' } },
  }),
  base('storage.k8s.io/v1', 'VolumeAttachment', {
    spec: { attacher: 'csi.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv1' } },
  }),
  base('storage.k8s.io/v1', 'VolumeAttributesClass', { driverName: 'csi.example.com', parameters: { iops: '100' } }),
  base('storagemigration.k8s.io/v1', 'StorageVersionMigration', {
    spec: { resource: { group: 'apps', resource: 'deployments' } },
  }),
  base('resource.k8s.io/v1', 'DeviceClass', {
    spec: {
      selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }],
      config: [{ opaque: { driver: 'gpu.example.com', parameters: { a: 1 } } }],
    },
  }),
  base('resource.k8s.io/v1', 'ResourceClaim', { spec: claim }),
  base('resource.k8s.io/v1', 'ResourceClaimTemplate', { spec: { metadata: { labels: { a: 'b' } }, spec: claim } }),
  base('resource.k8s.io/v1', 'ResourceSlice', {
    spec: {
      driver: 'gpu.example.com',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n1',
      devices: [
        {
          name: 'gpu-0',
          attributes: { numa: { int: 1 }, model: { string: 'x' } },
          capacity: { memory: { value: '1Gi' } },
        },
      ],
    },
  }),
  base('resource.k8s.io/v1', 'DeviceTaintRule', {
    spec: {
      deviceSelector: { driver: 'gpu.example.com', pool: 'p', device: 'd' },
      taint: { key: 'example.com/bad', value: 'x', effect: 'NoSchedule' },
    },
  }),
];
