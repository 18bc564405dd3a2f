import {
  authenticatedGroup,
  mastersGroup,
  nodesGroup,
  serviceAccountsGroup,
  unauthenticatedGroup,
} from '../auth/authenticators/users.ts';
import type { SchemaObject } from './flow.ts';
import type { LevelObject } from './level.ts';

type Rule = NonNullable<SchemaObject['spec']['rules']>[number];
type Subject = Rule['subjects'][number];

// The objects that every cluster begins with. Source: k8s.io/apiserver pkg/apis/flowcontrol/bootstrap.

/** Those that must be as they are: without them requests would have nowhere to go. */
export function mandatoryLevels(): LevelObject[] {
  return [
    level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    level('catch-all', {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    }),
  ];
}

/** Those that may be changed. */
export function suggestedLevels(): LevelObject[] {
  return [
    queued('system', { shares: 30, lendable: 33, queues: 64, handSize: 6 }),
    queued('node-high', { shares: 40, lendable: 25, queues: 64, handSize: 6 }),
    queued('leader-election', { shares: 10, lendable: 0, queues: 16, handSize: 4 }),
    queued('workload-high', { shares: 40, lendable: 50, queues: 128, handSize: 6 }),
    queued('workload-low', { shares: 100, lendable: 90, queues: 128, handSize: 6 }),
    queued('global-default', { shares: 20, lendable: 50, queues: 128, handSize: 6 }),
  ];
}

const queueLengthLimit = 50;

function queued(
  name: string,
  { shares, lendable, queues, handSize }: { shares: number; lendable: number; queues: number; handSize: number },
): LevelObject {
  return level(name, {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent: lendable,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit } },
    },
  });
}

/** `true`: the server keeps the spec as it is here. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

function level(name: string, spec: LevelObject['spec']): LevelObject {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
    spec,
  };
}

const everyone = groups(unauthenticatedGroup, authenticatedGroup);
const systemAccounts: Subject = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } };
const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] };
const nodeHigh = {
  resourceRules: [
    { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
    { verbs: ['*'], ...leases },
  ],
};
const probes = { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] };
const electing = { resourceRules: [{ verbs: ['get', 'create', 'update'], ...leases }] };

export function mandatorySchemas(): SchemaObject[] {
  return [
    flow('exempt', 'exempt', 1, '', groups(mastersGroup), everything),
    flow('catch-all', 'catch-all', 10_000, 'ByUser', everyone, everything),
  ];
}

export function suggestedSchemas(): SchemaObject[] {
  const nodes = groups(nodesGroup);
  return [
    flow('system-nodes', 'system', 500, 'ByUser', nodes, everything),
    flow('system-node-high', 'node-high', 400, 'ByUser', nodes, nodeHigh),
    flow('probes', 'exempt', 2, '', everyone, probes),
    flow('system-leader-election', 'leader-election', 100, 'ByUser', electors(), electing),
    flow(
      'kube-controller-manager',
      'workload-high',
      800,
      'ByNamespace',
      [user('system:kube-controller-manager')],
      everything,
    ),
    flow('kube-scheduler', 'workload-high', 800, 'ByNamespace', [user('system:kube-scheduler')], everything),
    flow('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [systemAccounts], everything),
    flow('service-accounts', 'workload-low', 9000, 'ByUser', groups(serviceAccountsGroup), everything),
    flow('global-default', 'global-default', 9900, 'ByUser', everyone, everything),
  ];
}

function electors(): Subject[] {
  return [user('system:kube-controller-manager'), user('system:kube-scheduler'), systemAccounts];
}

function user(name: string): Subject {
  return { kind: 'User', user: { name } };
}

function groups(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

function flow(
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: '' | 'ByUser' | 'ByNamespace',
  subjects: Subject[],
  rules: Omit<Rule, 'subjects'>,
): SchemaObject {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(distinguisher === '' ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [{ subjects, ...rules }],
    },
  };
}
