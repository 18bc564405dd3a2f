import { quantityOrZero } from '@coracle/apimachinery/quantity';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  NodeSelectorTerm,
  PodSpec,
  Volume,
} from '@coracle/apimachinery/types/core-v1';
import { ipWarnings } from '@coracle/apimachinery/validation';

/**
 * `Warning` headers for pods that are valid and yet not what somebody wants (pkg/api/pod/warnings.go). `path` is that of the
 * object that has the spec, with a trailing dot, or empty: `spec.template.`.
 */
export function podSpecWarnings(spec: PodSpec, path: string): string[] {
  const at = `${path}spec`;
  return [
    ...deprecatedLabelWarnings(spec, at),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, `${at}.volumes[${index}]`)),
    ...duplicates(spec.hostAliases, 'ip', `${at}.hostAliases`),
    ...duplicates(spec.imagePullSecrets, 'name', `${at}.imagePullSecrets`),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at}.imagePullSecrets[${index}].name: invalid empty name ""`],
    ),
    ...fractionWarnings(spec.overhead, `${at}.overhead`),
    ...containersOf(spec, at).flatMap(([container, where]) => containerWarnings(container, where)),
    ...portWarnings(spec, at),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) =>
      ipWarnings(`${at}.dnsConfig.nameservers[${index}]`, ip),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) => ipWarnings(`${at}.hostAliases[${index}].ip`, ip)),
  ];
}

type AnyContainer = Container | EphemeralContainer;

function containersOf(spec: PodSpec, at: string): [AnyContainer, string][] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index): [AnyContainer, string] => [container, `${at}.${list}[${index}]`]),
  );
}

/** Labels of nodes that have another name today. */
const newLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

function labelMessage(label: string): string | undefined {
  const instead = newLabels[label];
  return (
    instead &&
    `deprecated since v1.${label.includes('/arch') || label.includes('/os') ? 14 : 17}; use "${instead}" instead`
  );
}

function deprecatedLabelWarnings({ nodeSelector, affinity, topologySpreadConstraints }: PodSpec, at: string): string[] {
  const warnings: string[] = [];
  for (const label of Object.keys(nodeSelector ?? {})) {
    const message = labelMessage(label);
    if (message) warnings.push(`${at}.nodeSelector[${label}]: ${message}`);
  }
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  } = affinity?.nodeAffinity ?? {};
  const path = `${at}.affinity.nodeAffinity`;
  for (const [index, term] of (required?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(
      ...termWarnings(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`),
    );
  }
  for (const [index, { preference }] of (preferred ?? []).entries()) {
    warnings.push(
      ...termWarnings(preference, `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`),
    );
  }
  for (const [index, { topologyKey, labelSelector }] of (topologySpreadConstraints ?? []).entries()) {
    const where = `${at}.topologySpreadConstraints[${index}]`;
    const message = labelMessage(topologyKey);
    if (message) warnings.push(`${where}.topologyKey: ${topologyKey} is ${message}`);
    if (!labelSelector) warnings.push(`${where}.labelSelector: a null labelSelector results in matching no pod`);
  }
  return warnings;
}

function termWarnings({ matchExpressions }: NodeSelectorTerm, path: string): string[] {
  return (matchExpressions ?? []).flatMap(({ key }, index) => {
    const message = labelMessage(key);
    return message ? [`${path}.matchExpressions[${index}].key: ${key} is ${message}`] : [];
  });
}

/** Kinds of volumes whose drivers are gone, with the field upstream names. */
const goneVolumes: readonly (readonly [name: keyof Volume, field: string, message: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function volumeWarnings(volume: Volume, path: string): string[] {
  return goneVolumes.flatMap(([name, field, message]) =>
    volume[name] === undefined ? [] : [`${path}.${field}: ${message}`],
  );
}

function duplicates<T>(list: readonly T[] | undefined, key: keyof T & string, path: string): string[] {
  if (!list || list.length < 2) return [];
  const seen = new Set<unknown>();
  return list.flatMap((item, index) => {
    const value = item[key];
    if (seen.has(value)) return [`${path}[${index}].${key}: duplicate ${key} ${JSON.stringify(value)}`];
    seen.add(value);
    return [];
  });
}

/** Bytes come in whole ones. */
function fractionWarnings(list: Readonly<Record<string, string>> | undefined, path: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const text = list?.[name];
    if (text === undefined || quantityOrZero(text).milliValue() % 1000 === 0) return [];
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`];
  });
}

function containerWarnings({ resources, env }: AnyContainer, path: string): string[] {
  const warnings = (['memory', 'ephemeral-storage'] as const).flatMap((name) =>
    (['limits', 'requests'] as const).flatMap((list) => {
      const text = resources?.[list]?.[name];
      return text === undefined ? [] : fractionWarnings({ [name]: text }, `${path}.resources.${list}`);
    }),
  );
  const seen = new Set<string>();
  let index = -1;
  for (const { name, value = '', valueFrom } of env ?? []) {
    index++;
    if (seen.has(name) && hidesItself(name, value, valueFrom)) {
      const text = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
      warnings.push(`${path}.env[${index}]: ${text}`);
    }
    seen.add(name);
  }
  return warnings;
}

/** A variable that is defined again, and not from what it was before. */
function hidesItself(name: string, value: string, valueFrom: unknown): boolean {
  const reference = `$(${name})`;
  return valueFrom !== undefined || value === reference || !value.includes(reference);
}

/** Ports that are declared twice over all containers, by number and by name. */
function portWarnings(spec: PodSpec, at: string): string[] {
  const ports = containersOf(spec, at).flatMap(([{ ports: list }, path]) =>
    (list ?? []).map((port, index) => ({ port, where: `${path}.ports[${index}]` })),
  );
  const byNumber = new Map<string, { port: ContainerPort; where: string }[]>();
  const warnings: string[] = [];
  for (const { port, where } of ports) {
    const key = `${port.containerPort}/${port.protocol}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const clash = clashOf(port, other.port);
      if (clash) warnings.push(`${where}: ${clash} port definition with ${other.where}`);
    }
    byNumber.set(key, [...others, { port, where }]);
  }
  const byName = new Map<string, string>();
  for (const { port, where } of ports) {
    if (!port.name) continue;
    const other = byName.get(port.name);
    if (other === undefined) byName.set(port.name, where);
    else {
      const use = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${where}: duplicate port name ${JSON.stringify(port.name)} with ${other}, ${use}`);
    }
  }
  return warnings;
}

function clashOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const { hostIP = '', hostPort = 0 } = port;
  const { hostIP: otherIp = '', hostPort: otherPort = 0 } = other;
  if (hostIP === otherIp && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIP === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}
