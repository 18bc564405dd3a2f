import { expect } from 'chai';
import {
  type ApiAnswer,
  type ApiCaller,
  askBoth,
  eventually,
  mergePatchHeaders,
  referenceObstacle,
  startedBefore,
  startServerPair,
} from '../support/index.ts';

interface Item {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const dumps = '/debug/api_priority_and_fairness';
const as = (user: string) => ({ 'impersonate-user': user, 'impersonate-group': 'system:authenticated' });

describe('flow control beside kube-apiserver', () => {
  const servers = startedBefore(startServerPair, { obstacle: referenceObstacle });

  /** What both answer is the same. */
  async function agree<T>(read: (api: ApiCaller) => Promise<T>): Promise<T> {
    const [expected, actual] = await askBoth(servers(), read);
    expect(actual).to.deep.equal(expected);
    return actual;
  }

  for (const resource of ['flowschemas', 'prioritylevelconfigurations']) {
    it(`keeps the same ${resource}, with the same conditions and managers`, async () => {
      await agree((api) =>
        eventually(async () => {
          const { items } = (await api.call(`${group}/${resource}`)).json<{ items: Item[] }>();
          const settled = items.map(withoutAccidents).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
          if (resource === 'flowschemas' && !settled.every(({ status }) => isTold(status)))
            throw new Error('not told yet');
          expect(settled.length).to.be.greaterThan(7);
          return settled;
        }),
      );
    });
  }

  const changes = [
    { path: 'flowschemas/exempt', spec: { matchingPrecedence: 5 } },
    { path: 'prioritylevelconfigurations/catch-all', spec: { limited: { nominalConcurrencyShares: 6 } } },
    { path: 'prioritylevelconfigurations/exempt', spec: { exempt: { nominalConcurrencyShares: 6 } } },
  ];
  for (const { path, spec } of changes) {
    it(`answers a change of ${path} the same`, async () => {
      await agree(async (api) => {
        const answer = await api.call(`${group}/${path}?dryRun=All`, {
          ...{ method: 'PATCH', headers: mergePatchHeaders, body: { spec } },
        });
        const { message = '', reason } = answer.json<{ message?: string; reason?: string }>();
        return { status: answer.status, reason, message };
      });
    });
  }

  it('has the same tables of its queues', async () => {
    for (const dump of [
      'dump_priority_levels',
      'dump_queues',
      'dump_requests',
      'dump_requests?includeRequestDetails=1',
    ]) {
      await agree(async (api) => {
        const { status, headers, body } = await api.call(`${dumps}/${dump}`);
        return { status, type: headers['content-type'], columns: columnsOf(body) };
      });
    }
    await agree(async (api) => {
      const { body } = await api.call(`${dumps}/dump_queues`);
      const lines = body.toString().split('\n').slice(1);
      return lines
        .map((line) =>
          line
            .split(',', 2)
            .map((cell) => cell.trim())
            .join(' '),
        )
        .sort();
    });
  });

  it('gives its levels the same seats', async () => {
    await agree(async (api) => {
      const limits = /^apiserver_flowcontrol_(?:nominal|lower|upper)_limit_seats\{.*\} \d+$/gm;
      return [...(await metrics(api)).matchAll(limits)].map(([line]) => line).sort();
    });
  });

  it('names the schema and level of each answer by their UIDs', async () => {
    await agree(async (api) => {
      const uidOf = async (path: string) => (await api.call(`${group}/${path}`)).json<Item>().metadata['uid'];
      const schema = await uidOf('flowschemas/global-default');
      const level = await uidOf('prioritylevelconfigurations/global-default');
      const answers = await Promise.all(
        ['/version', '/api/v1/namespaces', '/nowhere'].map((path) => api.call(path, { headers: as('somebody') })),
      );
      return answers.map(({ status, headers }) => [
        status,
        headers['x-kubernetes-pf-flowschema-uid'] === schema,
        headers['x-kubernetes-pf-prioritylevel-uid'] === level,
      ]);
    });
  });

  it('turns away the same way: after a quarter of the time a request has, and at once where a queue is full', async () => {
    await agree(async (api) => {
      await without(api, 'nobody');
      const call = (path: string) => api.call(path, { headers: as('nobody') });
      const late = await eventually(async () => {
        const answer = await call('/version?timeout=1s');
        expect(answer.status).to.equal(429);
        return answer;
      });
      const waiting = call('/version?timeout=20s');
      await eventually(async () => expect(await metrics(api)).to.match(/_current_inqueue_requests\{.*"nobody"\} 1$/m));
      const full = await call('/api/v1/namespaces?watch=true');
      await waiting;
      const reasons = [...(await metrics(api)).matchAll(/^apiserver_flowcontrol_rejected_.*reason="(.*)"\}/gm)];
      return { answers: [late, full].map(shown), reasons: reasons.map(([, reason]) => reason).sort() };
    });
  });

  async function metrics(api: ApiCaller): Promise<string> {
    return (await api.call('/metrics')).body.toString();
  }

  /** A level without seats and with room for one to wait, for the user of that name. */
  async function without(api: ApiCaller, name: string): Promise<void> {
    const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 };
    const limited = {
      ...{ nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0 },
      limitResponse: { type: 'Queue', queuing },
    };
    const level = { metadata: { name }, spec: { type: 'Limited', limited } };
    await api.call(`${group}/prioritylevelconfigurations`, { method: 'POST', body: level });
    const everything = { verbs: ['*'], nonResourceURLs: ['*'] };
    const resources = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true };
    const rules = [
      {
        subjects: [{ kind: 'User', user: { name } }],
        nonResourceRules: [everything],
        resourceRules: [resources],
      },
    ];
    const spec = {
      ...{ priorityLevelConfiguration: { name }, matchingPrecedence: 10, rules },
      distinguisherMethod: { type: 'ByUser' },
    };
    await api.call(`${group}/flowschemas`, { method: 'POST', body: { metadata: { name }, spec } });
  }
});

/** What is told of an object that does not depend on when it was made. */
function withoutAccidents({ metadata, ...rest }: Item) {
  const { name, annotations, generation, managedFields } = metadata;
  const kept = JSON.stringify({ metadata: { name, annotations, generation, managedFields }, ...rest });
  return JSON.parse(kept, (field, value) =>
    field === 'time' || field === 'lastTransitionTime' ? undefined : value,
  ) as Item;
}

function isTold(status: unknown): boolean {
  return ((status as { conditions?: unknown[] } | undefined)?.conditions ?? []).length > 0;
}

function columnsOf(body: Buffer): string[] {
  const [heads = ''] = body.toString().split('\n');
  return heads.split(',').map((cell) => cell.trim());
}

/** Of the connection, of the moment, or told otherwise. */
const leftOut = /^(date|connection|keep-alive|audit-id|.*-uid)$/;

function shown({ status, headers, body }: ApiAnswer) {
  const told = Object.entries(headers).filter(([name]) => !leftOut.test(name));
  const uids = Object.keys(headers).filter((name) => name.endsWith('-uid'));
  return { status, told: Object.fromEntries(told), uids, body: body.toString() };
}
