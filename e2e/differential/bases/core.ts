import { type Base, base } from './base.ts';

const container = { name: 'main', image: 'registry.example.com/main:1' };

/** Pods of three kinds: bare, of a usual chart, and with every sort of volume. */
export const podSpecs = {
  bare: { containers: [container] },
  rich: {
    serviceAccountName: 'default',
    securityContext: {
      runAsUser: 1000,
      runAsNonRoot: true,
      fsGroup: 2000,
      sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }],
    },
    initContainers: [
      { name: 'first', image: 'first', command: ['true'], resources: { requests: { cpu: '10m' } } },
      { name: 'sidecar', image: 'sidecar', restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } },
    ],
    containers: [
      {
        ...container,
        command: ['serve'],
        args: ['--port', '$(PORT)'],
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
        ],
        env: [
          { name: 'PORT', value: '8080' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'main', optional: true } } },
          { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        ],
        envFrom: [{ prefix: 'CM_', configMapRef: { name: 'settings' } }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'settings', mountPath: '/etc/main', readOnly: true },
        ],
        livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
        readinessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 1 },
        lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
      },
      { name: 'second', image: 'second', imagePullPolicy: 'IfNotPresent' },
    ],
    volumes: [
      { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'settings', configMap: { name: 'settings', items: [{ key: 'a', path: 'a.txt' }], defaultMode: 420 } },
    ],
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'x', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }],
        },
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'x' } } } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'x' } },
      },
    ],
    hostAliases: [{ ip: '10.1.2.3', hostnames: ['one.example.com'] }],
    dnsConfig: { nameservers: ['10.0.0.1'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }] },
    imagePullSecrets: [{ name: 'pull' }],
    terminationGracePeriodSeconds: 5,
  },
  volumes: {
    restartPolicy: 'Always',
    containers: [{ ...container, volumeMounts: [{ name: 'projected', mountPath: '/p', subPath: 'x' }] }],
    volumes: [
      {
        name: 'projected',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
            { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
            { secret: { name: 'keys', items: [{ key: 'k', path: 'k' }] } },
          ],
        },
      },
      { name: 'host', hostPath: { path: '/var/log', type: 'Directory' } },
      { name: 'claim', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'nfs', nfs: { server: 'nfs.example.com', path: '/export' } },
      { name: 'csi', csi: { driver: 'csi.example.com', volumeAttributes: { a: 'b' } } },
      {
        name: 'ephemeral',
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      },
      { name: 'iscsi', iscsi: { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2001-04.com.example:storage', lun: 1 } },
      { name: 'downward', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { name: 'image', image: { reference: 'registry.example.com/files:1', pullPolicy: 'Always' } },
    ],
  },
} as const;

export const template = (spec: object = podSpecs.bare): object => ({ metadata: { labels: { app: 'x' } }, spec });

const claimSpec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  storageClassName: 'slow',
};

export const coreBases: readonly Base[] = [
  base('v1', 'Pod', { spec: podSpecs.bare }),
  base('v1', 'Pod', { spec: podSpecs.rich }),
  base('v1', 'Pod', { spec: podSpecs.volumes }),
  base('v1', 'ConfigMap', { data: { a: '1', 'b.txt': 'two' }, binaryData: { c: 'AAEC' } }),
  base('v1', 'Secret', { type: 'Opaque', data: { a: 'YQ==' }, stringData: { b: 'b' } }),
  base('v1', 'Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' } }),
  base('v1', 'Service', {
    spec: {
      selector: { app: 'x' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    },
  }),
  base('v1', 'Service', {
    spec: { type: 'NodePort', selector: { app: 'x' }, ports: [{ port: 80 }], externalTrafficPolicy: 'Local' },
  }),
  base('v1', 'Service', {
    spec: {
      type: 'LoadBalancer',
      selector: { app: 'x' },
      ports: [{ port: 443, name: 'https' }],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    },
  }),
  base('v1', 'Service', { spec: { type: 'ExternalName', externalName: 'db.example.com' } }),
  base('v1', 'Service', {
    spec: { clusterIP: 'None', selector: { app: 'x' }, ports: [{ port: 80 }], publishNotReadyAddresses: true },
  }),
  base('v1', 'Endpoints', {
    subsets: [
      {
        addresses: [{ ip: '10.1.1.1', nodeName: 'n1', targetRef: { kind: 'Pod', name: 'p', namespace: 'x' } }],
        notReadyAddresses: [{ ip: '10.1.1.2', hostname: 'two' }],
        ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      },
    ],
  }),
  base('v1', 'LimitRange', {
    spec: {
      limits: [
        {
          type: 'Container',
          max: { cpu: '2' },
          min: { cpu: '1m' },
          default: { cpu: '1' },
          defaultRequest: { cpu: '100m' },
          maxLimitRequestRatio: { cpu: '10' },
        },
        { type: 'PersistentVolumeClaim', max: { storage: '10Gi' }, min: { storage: '1Gi' } },
      ],
    },
  }),
  base('v1', 'ResourceQuota', {
    spec: {
      hard: { pods: '10', 'requests.cpu': '4', 'count/deployments.apps': '3' },
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    },
  }),
  base('v1', 'ResourceQuota', { spec: { hard: { configmaps: '100', services: '5' } } }),
  base('v1', 'ServiceAccount', {
    secrets: [{ name: 's' }],
    imagePullSecrets: [{ name: 'p' }],
    automountServiceAccountToken: false,
  }),
  base('v1', 'ReplicationController', { spec: { replicas: 2, selector: { app: 'x' }, template: template() } }),
  base('v1', 'PodTemplate', { template: template() }),
  base('v1', 'PersistentVolumeClaim', { spec: claimSpec }),
  base('v1', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'slow',
      hostPath: { path: '/data' },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] },
      },
    },
  }),
  base('v1', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      claimRef: { namespace: 'x', name: 'y' },
      csi: {
        driver: 'csi.example.com',
        volumeHandle: 'h',
        fsType: 'ext4',
        nodePublishSecretRef: { name: 's', namespace: 'x' },
      },
    },
  }),
  base('v1', 'Event', (name) => ({
    involvedObject: { kind: 'Pod', name, namespace: 'differential-events', apiVersion: 'v1' },
    reason: 'Started',
    message: 'Started it',
    type: 'Normal',
    source: { component: 'test' },
    count: 1,
    firstTimestamp: '2020-01-01T00:00:00Z',
    lastTimestamp: '2020-01-01T00:00:00Z',
  })),
  base('v1', 'Namespace', {}),
  base('v1', 'Node', {
    spec: {
      podCIDR: '10.244.1.0/24',
      podCIDRs: ['10.244.1.0/24'],
      providerID: 'x://1',
      taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
    },
    status: { capacity: { cpu: '4', memory: '8Gi', pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] },
  }),
  base('v1', 'Binding', { target: { kind: 'Node', name: 'n1' } }),
];
