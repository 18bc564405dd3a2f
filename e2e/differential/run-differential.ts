import { ApiCaller, eventually, post, startServerPair } from '../support/index.ts';
import { bases, customDefinitions } from './bases/index.ts';
import { type Exchange, playScenario, type Servers } from './scenario.ts';
import { namespaces } from './subject.ts';

export interface DifferentialOptions {
  /** Any text: the same one makes the same requests. */
  readonly seed: string;
  /** How many requests go to both servers. */
  readonly requests: number;
  /** Only kinds whose `apiVersion kind` contains it. */
  readonly kind?: string;
}

const scenariosAtOnce = 4;
/** As this server has it: whose tokens are believed, and that containers may be privileged. */
const flags = ['--service-account-issuer=https://kubernetes.default.svc.cluster.local', '--allow-privileged=true'];

/** Starts kube-apiserver on an etcd of its own and this project's server, and asks both the same. */
export async function runDifferential({
  seed,
  requests,
  kind = '',
}: DifferentialOptions): Promise<readonly Exchange[]> {
  await using stack = new AsyncDisposableStack();
  const pair = stack.use(await startServerPair(flags));
  const servers = { reference: stack.use(new ApiCaller(pair.reference)), own: stack.use(new ApiCaller(pair.own)) };
  await Promise.all([prepare(servers.reference), prepare(servers.own)]);
  return await playScenarios(servers, { seed, requests, kind });
}

export async function playScenarios(
  servers: Servers,
  { seed, requests, kind = '' }: DifferentialOptions,
): Promise<Exchange[]> {
  const chosen = bases.filter((base) => `${base.apiVersion} ${base.kind}`.includes(kind));
  // By number, so that which requests count does not hang on which scenario ended first.
  const played: Exchange[][] = [];
  let next = 0;
  const isEnough = () => {
    let count = 0;
    for (let number = 0; number < next; number++) count += played[number]?.length ?? 0;
    return count >= requests + scenariosAtOnce * 7;
  };
  const worker = async (): Promise<void> => {
    while (!isEnough()) {
      const number = next++;
      const base = chosen[number % chosen.length];
      if (base === undefined) throw new Error(`no kind is called ${kind}`);
      played[number] = await playScenario(servers, seed, number, base);
    }
  };
  await Promise.all(Array.from({ length: scenariosAtOnce }, worker));
  return played.flat().slice(0, requests);
}

/** Namespaces with their service account, and the custom kinds. */
export async function prepare(server: ApiCaller): Promise<void> {
  const make = (path: string, body: object) => post(server, path, body);
  for (const name of namespaces()) {
    await make('/api/v1/namespaces', { metadata: { name } });
    await make(`/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await make(classes, { metadata: { name: 'differential-default' }, value: 0 });
  for (const definition of customDefinitions) {
    await make('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  }
  await eventually(async () => {
    const answers = await Promise.all(
      ['v1/widgets', 'v1beta1/widgets', 'v1/gadgets'].map((path) =>
        server.call(`/apis/differential.example.com/${path}`),
      ),
    );
    if (answers.some(({ status }) => status !== 200)) throw new Error('the custom kinds are not served yet');
  });
}
