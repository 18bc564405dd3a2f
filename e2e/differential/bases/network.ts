import { type Base, base } from './base.ts';

export const networkBases: readonly Base[] = [
  base('networking.k8s.io/v1', 'Ingress', {
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['a.example.com'], secretName: 't' }],
      rules: [
        {
          host: 'a.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
          },
        },
        {
          host: '*.example.com',
          http: {
            paths: [{ path: '/x', pathType: 'Exact', backend: { service: { name: 's', port: { name: 'http' } } } }],
          },
        },
      ],
    },
  }),
  base('networking.k8s.io/v1', 'Ingress', {
    spec: { defaultBackend: { resource: { apiGroup: 'k8s.example.com', kind: 'StorageBucket', name: 'files' } } },
  }),
  base('networking.k8s.io/v1', 'IngressClass', {
    spec: {
      controller: 'example.com/ingress',
      parameters: { apiGroup: 'k8s.example.com', kind: 'Parameters', name: 'p', scope: 'Cluster' },
    },
  }),
  base('networking.k8s.io/v1', 'NetworkPolicy', {
    spec: {
      podSelector: { matchLabels: { app: 'x' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { a: 'b' } }, namespaceSelector: {} },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
          ports: [{ port: 80 }],
        },
      ],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 1000, endPort: 2000 },
          ],
        },
      ],
    },
  }),
  base(
    'networking.k8s.io/v1',
    'IPAddress',
    { spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'x' } } },
    { name: (number) => `192.168.${Math.floor(number / 250) % 250}.${(number % 250) + 1}` },
  ),
  base('networking.k8s.io/v1', 'ServiceCIDR', { spec: { cidrs: ['192.168.0.0/24'] } }),
  base('discovery.k8s.io/v1', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.1.1.1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'one',
        nodeName: 'n1',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }] },
        targetRef: { kind: 'Pod', name: 'p', namespace: 'x' },
      },
    ],
    ports: [{ name: 'http', port: 80, protocol: 'TCP', appProtocol: 'http' }],
  }),
  base('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {
    spec: {
      priorityLevelConfiguration: { name: 'global-default' },
      matchingPrecedence: 9000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [
            { kind: 'User', user: { name: 'nobody' } },
            { kind: 'ServiceAccount', serviceAccount: { name: 'a', namespace: 'b' } },
          ],
          resourceRules: [
            {
              verbs: ['get'],
              apiGroups: ['none.example.com'],
              resources: ['*'],
              namespaces: ['*'],
              clusterScope: true,
            },
          ],
          nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nothing/*'] }],
        },
      ],
    },
  }),
  base('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', {
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        lendablePercent: 10,
        limitResponse: { type: 'Queue', queuing: { queues: 8, handSize: 2, queueLengthLimit: 5 } },
      },
    },
  }),
];
