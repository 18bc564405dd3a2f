import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type ClusterConfig,
  ConfigError,
  defaultFargateProfiles,
  defaultName,
  defaultNodeGroups,
  defaultPort,
  type RuntimeChoice,
} from './cluster-config.ts';
import { accessOptions, apiServerSettings } from './api-server-settings.ts';
import { suggestion } from './nearest.ts';
import { parseFargateProfile, parseNodeGroup } from './pool-flags.ts';
import { parseRegistryMirrors } from './registry-mirrors.ts';
import { boolean, durationSeconds, integer, path, text } from './values.ts';

/** Settings as they come from flags, environment or file: all optional, not yet checked. */
export type RawSettings = Readonly<Record<string, unknown>>;

/** One row per setting: its flag, environment variable, YAML key and help all follow from it. */
export interface Setting {
  /** Flag without dashes; the environment variable is `CORACLE_` and the YAML key the camel-case form. */
  readonly flag: string;
  readonly value?: string;
  readonly help: string;
  readonly repeated?: boolean;
  /** Heading that the help lists it under; none: those of the cluster as a whole. */
  readonly group?: string;
  /** Part of every command that concerns a cluster, not only of `up`. */
  readonly common?: boolean;
}

const again = 'may be given several times';
const nodes = 'Nodes and images:';

export const settings: readonly Setting[] = [
  { flag: 'name', value: 'NAME', help: `name of the cluster (default ${defaultName})`, common: true },
  { flag: 'data-dir', value: 'DIR', help: 'folder that keeps its state', common: true },
  { flag: 'kubeconfig', value: 'FILE', help: 'kubeconfig file (default: as kubectl finds it)', common: true },
  { flag: 'port', value: 'PORT', help: `API server port, 0 for a free one (default ${defaultPort})` },
  { flag: 'etcd-servers', value: 'URLS', help: 'keep the cluster in this etcd (default: the embedded store)' },
  { flag: 'wait', value: 'DURATION', help: 'how long to wait for it to be ready (default 60s)' },
  { flag: 'detach', help: 'return when it is ready and leave it running' },
  { flag: 'runtime', value: 'auto|containerd|hollow', help: 'what runs the containers (default auto)', group: nodes },
  {
    flag: 'node-group',
    value: 'FIELDS',
    help: `a group of EC2-like nodes, such as name=ng-1,instance-type=m5.large,count=2,zones=us-east-1a:us-east-1b; ${again}`,
    repeated: true,
    group: nodes,
  },
  {
    flag: 'fargate-profile',
    value: 'FIELDS',
    help: `pods that run on the Fargate-like pool, such as name=fp,namespace=serverless,label.KEY=VALUE; ${again}`,
    repeated: true,
    group: nodes,
  },
  {
    flag: 'registry-mirror',
    value: 'REGISTRY=URL',
    help: `asked for the images of a registry before the registry itself, such as docker.io=https://mirror.example.com, *=URL for all; ${again}`,
    repeated: true,
    group: nodes,
  },
  {
    flag: 'hollow-image',
    value: 'IMAGE',
    help: `hollow nodes find this image and no other that is not named so (default: they find all); ${again}`,
    repeated: true,
    group: nodes,
  },
  ...apiServerSettings,
];

const camelCase = (flag: string): string => flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
export const environmentName = (flag: string): string => `CORACLE_${flag.toUpperCase().replaceAll('-', '_')}`;

/** The settings that environment variables give; repeated ones are separated by spaces. */
export function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): RawSettings {
  const found: Record<string, unknown> = {};
  for (const setting of settings) {
    const value = environment[environmentName(setting.flag)];
    if (value === undefined || value === '') continue;
    found[camelCase(setting.flag)] = setting.repeated ? value.split(/\s+/).filter(Boolean) : value;
  }
  return found;
}

/** Later sources win. Throws ConfigError with the name of the first setting that will not do. */
export function resolveConfig(sources: readonly RawSettings[]): ClusterConfig {
  const raw: Record<string, unknown> = Object.assign({}, ...sources);
  const known = new Set(settings.map((setting) => camelCase(setting.flag)));
  const unknown = Object.keys(raw).find((key) => !known.has(key));
  if (unknown !== undefined) {
    const otherwise = 'they are named as the flags of "coracle up --help", in camel case';
    throw new ConfigError(`unknown setting "${unknown}"${suggestion(unknown, known, otherwise)}`);
  }
  const name = clusterName(raw['name'] ?? defaultName);
  const kubeconfig = path(raw, 'kubeconfig', 'kubeconfig');
  const config = {
    name,
    dataDir: path(raw, 'dataDir', 'data-dir') ?? join(defaultDataRoot(), name),
    port: integer('port', raw['port'] ?? defaultPort, 0, 65535),
    runtime: runtime(raw['runtime'] ?? 'auto'),
    nodeGroups: raw['nodeGroup'] === undefined ? defaultNodeGroups : list(raw['nodeGroup']).map(parseNodeGroup),
    fargateProfiles:
      raw['fargateProfile'] === undefined
        ? defaultFargateProfiles
        : list(raw['fargateProfile']).map(parseFargateProfile),
    registryMirrors: parseRegistryMirrors(raw['registryMirror']),
    hollowImages: raw['hollowImage'] === undefined ? [] : list(raw['hollowImage']).map(hollowImage),
    etcdServers: etcdServers(text(raw, 'etcdServers') ?? ''),
    waitSeconds: durationSeconds('wait', raw['wait'] ?? '60s', 1),
    detach: boolean('detach', raw['detach'] ?? false),
    access: { ...accessOptions(raw), flags: givenFlags(raw) },
  };
  refuseDuplicates('node group', config.nodeGroups);
  refuseDuplicates('Fargate profile', config.fargateProfiles);
  return kubeconfig === undefined ? config : { ...config, kubeconfig };
}

/** kube-apiserver's flags among the settings. */
function givenFlags(raw: RawSettings): Readonly<Record<string, string>> {
  const shown = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.join(',')}]`;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  const given = apiServerSettings.flatMap(({ flag }) => {
    const value = raw[camelCase(flag)];
    return value === undefined ? [] : [[flag, shown(value)]];
  });
  return Object.fromEntries(given) as Record<string, string>;
}

function defaultDataRoot(): string {
  if (process.getuid?.() === 0) return '/var/lib/coracle';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'coracle');
}

/** Names end up in cgroups, network interfaces and kubeconfig entries. */
function clusterName(value: unknown): string {
  if (typeof value === 'string' && /^[a-z]([-a-z0-9]{0,29}[a-z0-9])?$/.test(value)) return value;
  throw new ConfigError(
    `--name ${JSON.stringify(value)}: 1 to 31 lower-case letters, digits and dashes, beginning with a letter`,
  );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function hollowImage(value: unknown): string {
  if (typeof value === 'string' && /^\S+$/.test(value)) return value;
  throw new ConfigError(`--hollow-image ${JSON.stringify(value)}: the name of an image, such as nginx:1.29`);
}

function runtime(value: unknown): RuntimeChoice {
  if (value === 'auto' || value === 'containerd' || value === 'hollow') return value;
  throw new ConfigError(`--runtime ${JSON.stringify(value)}: one of auto, containerd, hollow`);
}

function etcdServers(value: string): readonly string[] {
  const servers = value.split(',').filter(Boolean);
  const refuse = (reason: string) => new ConfigError(`--etcd-servers ${JSON.stringify(value)}: ${reason}`);
  if (!servers.every((server) => /^https?:\/\/[^/\s]+\/?$/.test(server) && URL.canParse(server)))
    throw refuse('URLs such as http://127.0.0.1:2379, separated by commas');
  if (new Set(servers.map((server) => new URL(server).protocol)).size > 1)
    throw refuse('all of them http:// or all of them https://');
  return servers.map((server) => server.replace(/\/$/, ''));
}

function refuseDuplicates(what: string, items: readonly { readonly name: string }[]): void {
  const names = items.map((item) => item.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`two ${what}s are named "${twice}": give each a name of its own`);
}
