import { instanceTypes, zonePattern } from '@coracle/kubelet-shim/data';
import { ConfigError, type FargateProfileConfig, type NodeGroupConfig } from './cluster-config.ts';
import { suggestion } from './nearest.ts';

/** Nodes of one group: each is a containerd and a few dozen MiB. */
const nodeCountMax = 1000;
const zone = new RegExp(zonePattern);
/** A namespace, or a pattern of them with `*` and `?`. */
const namespacePattern = /^[-a-z0-9*?]{1,63}$/;
const defaultZones = ['us-east-1a', 'us-east-1b'];

/** `name=ng-1,instance-type=m5.large,count=2,zones=a:b`, or the same as a YAML mapping. */
export function parseNodeGroup(value: unknown): NodeGroupConfig {
  const fields = fieldsOf('node-group', value, ['name', 'instance-type', 'count', 'zones']);
  const name = poolName('node-group', fields.get('name'));
  const given = String(fields.get('count') ?? 1);
  const count = Number(given);
  if (!/^\d+$/.test(given) || count > nodeCountMax) {
    throw new ConfigError(`--node-group ${name}: count is a whole number from 0 to ${nodeCountMax}`);
  }
  const named = zonesOf(name, fields.get('zones'));
  return {
    name,
    count,
    instanceType: instanceType(name, String(fields.get('instance-type') ?? 'm5.large')),
    zones: named.length > 0 ? named : defaultZones,
  };
}

function zonesOf(group: string, value: unknown): readonly string[] {
  const zones = Array.isArray(value)
    ? value.map(String)
    : String(value ?? '')
        .split(':')
        .filter(Boolean);
  const wrong = zones.find((each) => !zone.test(each));
  if (wrong === undefined) return zones;
  throw new ConfigError(
    `--node-group ${group}: no availability zone is named "${wrong}": they are named as us-east-1a`,
  );
}

/** Said here, before a cluster is started that would refuse it. */
function instanceType(group: string, type: string): string {
  if (instanceTypes.has(type)) return type;
  const family = [...instanceTypes.keys()].filter((known) => known.split('.')[0] === type.split('.')[0]);
  const families = new Set([...instanceTypes.keys()].map((known) => known.split('.')[0]));
  const known =
    family.length > 0
      ? `of this family there are ${family.join(', ')}`
      : `the families are ${[...families].join(', ')}`;
  throw new ConfigError(`--node-group ${group}: no instance type ${JSON.stringify(type)}: ${known}`);
}

/** `name=fp,namespace=serverless,label.tier=web`, or a YAML mapping with `labels`. One selector a flag. */
export function parseFargateProfile(value: unknown): FargateProfileConfig {
  const fields = fieldsOf('fargate-profile', value, ['name', 'namespace', 'labels', /^label\../]);
  const name = poolName('fargate-profile', fields.get('name'));
  const namespace = fields.get('namespace');
  if (typeof namespace !== 'string' || namespace === '') {
    throw new ConfigError(`--fargate-profile ${name}: namespace=… is missing: a profile selects pods by namespace`);
  }
  if (!namespacePattern.test(namespace)) {
    const wanted = 'lower-case letters, digits and dashes, * and ? for any';
    throw new ConfigError(`--fargate-profile ${name}: no namespace is named "${namespace}": ${wanted}`);
  }
  const labels: Record<string, string> = {};
  for (const [key, label] of Object.entries(fields.get('labels') ?? {})) labels[key] = String(label);
  for (const [key, label] of fields) if (key.startsWith('label.')) labels[key.slice('label.'.length)] = String(label);
  return { name, selectors: [{ namespace, labels }] };
}

function fieldsOf(flag: string, value: unknown, known: readonly (string | RegExp)[]): Map<string, unknown> {
  const entries = typeof value === 'string' ? splitPairs(flag, value) : Object.entries((value ?? {}) as object);
  const fields = new Map<string, unknown>();
  for (const [key, field] of entries) {
    const dashed = key === 'instanceType' ? 'instance-type' : key;
    if (!known.some((name) => (typeof name === 'string' ? name === dashed : name.test(dashed)))) {
      const names = known.map((name) => (typeof name === 'string' ? name : 'label.KEY')).join(', ');
      const meant = suggestion(
        key,
        known.filter((name) => typeof name === 'string'),
        `the fields are ${names}`,
      );
      throw new ConfigError(`--${flag}: unknown field "${key}"${meant}`);
    }
    fields.set(dashed, field);
  }
  return fields;
}

function splitPairs(flag: string, text: string): [string, string][] {
  return text.split(',').map((pair) => {
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new ConfigError(`--${flag} ${JSON.stringify(text)}: "${pair}" is not KEY=VALUE`);
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
}

function poolName(flag: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new ConfigError(
    value === undefined
      ? `--${flag}: name=… is missing`
      : `--${flag}: name=… must be 1 to 63 lower-case letters, digits and dashes, not ${JSON.stringify(value)}`,
  );
}
