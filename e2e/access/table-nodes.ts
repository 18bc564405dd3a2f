import { may, mayNot, mergePatch, type Section } from './row.ts';

const unrelated = (verb: string, what: string, name: string) =>
  `${what} "${name}" is forbidden: User "system:node:node-a" cannot ${verb} resource "${what}" in API group "" ` +
  `in the namespace "team": node: no relationship found between node 'node-a' and this object`;
const team = '/api/v1/namespaces/team';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** What a node may of what belongs to it, and not of what belongs to another (KEP 279, 4601, 4193). */
export const nodeSections: readonly Section[] = [
  {
    who: 'certificate of node-a',
    rows: [
      may(`GET ${team}/secrets/secret-a`),
      mayNot(`GET ${team}/secrets/secret-b`, unrelated('get', 'secrets', 'secret-b')),
      mayNot(`GET ${team}/secrets`),
      mayNot(`PUT ${team}/secrets/secret-a`, undefined, { body: { metadata: { name: 'secret-a' } } }),
      may(`GET ${team}/configmaps/config-a`),
      mayNot(`GET ${team}/configmaps/config-b`, unrelated('get', 'configmaps', 'config-b')),
      may(`GET ${team}/pods/on-a`),
      mayNot(`GET ${team}/pods/on-b`),
      mayNot('GET /api/v1/pods'),
      may('GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a'),
      mayNot('GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-b'),
      mayNot(`DELETE ${team}/pods/on-b?dryRun=All`),
      may(`DELETE ${team}/pods/on-a?dryRun=All`),
      mayNot(`POST ${team}/pods?dryRun=All`, undefined, {
        body: {
          metadata: { name: 'mirror', annotations: { 'kubernetes.io/config.mirror': 'x' } },
          spec: { nodeName: 'node-b', containers: [{ name: 'c', image: 'i' }] },
        },
      }),
      mayNot(`PATCH ${team}/pods/on-b/status?dryRun=All`, undefined, mergePatch({ status: { message: 'x' } })),
      may(`PATCH ${team}/pods/on-a/status?dryRun=All`, 200, mergePatch({ status: { message: 'x' } })),
      may('GET /api/v1/nodes/node-a'),
      mayNot('GET /api/v1/nodes/node-b'),
      mayNot('GET /api/v1/nodes'),
      may('PATCH /api/v1/nodes/node-a/status?dryRun=All', 200, mergePatch({ status: { phase: 'Running' } })),
      mayNot('PATCH /api/v1/nodes/node-b/status?dryRun=All', undefined, mergePatch({ status: { phase: 'Running' } })),
      may('PATCH /api/v1/nodes/node-a?dryRun=All', 200, mergePatch({ metadata: { labels: { mine: 'x' } } })),
      mayNot(
        'PATCH /api/v1/nodes/node-a?dryRun=All',
        'nodes "node-a" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x',
        mergePatch({ metadata: { labels: { 'node-restriction.kubernetes.io/x': 'y' } } }),
      ),
      mayNot(
        'PATCH /api/v1/nodes/node-a?dryRun=All',
        'nodes "node-a" is forbidden: node "node-a" is not allowed to modify taints',
        mergePatch({ spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
      ),
      mayNot('DELETE /api/v1/nodes/node-a?dryRun=All'),
      mayNot('POST /api/v1/nodes?dryRun=All', undefined, { body: { metadata: { name: 'node-c' } } }),
      may(`GET ${leases}/node-a`, 404),
      mayNot(`GET ${leases}/node-b`),
      mayNot('GET /apis/coordination.k8s.io/v1/leases'),
      may(`POST ${leases}?dryRun=All`, 201, { body: { metadata: { name: 'node-a' } } }),
      mayNot(`POST ${leases}?dryRun=All`, undefined, { body: { metadata: { name: 'node-b' } } }),
      may('GET /apis/certificates.k8s.io/v1/certificatesigningrequests/of-node-b'),
      mayNot('DELETE /apis/certificates.k8s.io/v1/certificatesigningrequests/of-node-b?dryRun=All'),
      mayNot(`POST ${team}/serviceaccounts/robot/token`, undefined, { body: { spec: { audiences: ['x'] } } }),
      mayNot('GET /apis/apps/v1/deployments'),
      may('GET /api/v1/services'),
    ],
  },
  // The name alone makes no node.
  {
    who: 'certificate of user system:node:node-a',
    rows: [mayNot(`GET ${team}/secrets/secret-a`), mayNot('GET /api/v1/nodes/node-a')],
  },
  // Nor does the group without the name.
  { who: 'user somebody in system:nodes', rows: [mayNot('GET /api/v1/nodes/node-a'), mayNot('GET /api/v1/services')] },
];
