import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type {
  Container,
  LifecycleHandler,
  PodSpec,
  Probe,
  SELinuxOptions,
  Volume,
} from '@coracle/apimachinery/types/core-v1';
import { and, containersText, list, plural } from './words.ts';

/** What a check has against a pod. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export interface PodSubject {
  readonly metadata: KubernetesObject['metadata'];
  readonly spec: PodSpec;
  readonly containers: readonly Container[];
  /** Minor version of the policy that is asked for. */
  readonly minor: number;
}

/** One rule of the Pod Security Standards (k8s.io/pod-security-admission policy/check_*.go). */
export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** First minor version of Kubernetes that has it. */
  readonly since: number;
  /** Rules of the weaker level that this one makes superfluous. */
  readonly overrides?: string;
  find(subject: PodSubject): Violation | undefined;
}

type Predicate = (container: Container) => boolean;

const namesOf = (containers: readonly Container[], bad: Predicate) => containers.filter(bad).map(({ name }) => name);
const distinct = (values: readonly (string | undefined)[]) =>
  [...new Set(values.filter((value) => value !== undefined))].toSorted();
const isWindows = ({ os }: PodSpec) => os?.name === 'windows';
/** A pod with users of its own may do more: to the host its root is nobody (KEP-127). */
const hasOwnUsers = ({ hostUsers }: PodSpec) => hostUsers === false;

/** Pod and containers that say something wrong: `pod and container "c"`. */
function settersText(podIsBad: boolean, containers: readonly string[]): string {
  return and([...(podIsBad ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : [])]);
}

const defaultCapabilities: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const restrictedVolumeKinds: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** Safe sysctls, by the minor version that began to allow them. */
const sysctlsSince: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
  'net.ipv4.tcp_slow_start_after_idle': 37,
  'net.ipv4.tcp_notsent_lowat': 37,
};
const seLinuxTypesSince: Readonly<Record<string, number>> = {
  '': 0,
  container_t: 0,
  container_init_t: 0,
  container_kvm_t: 0,
  container_engine_t: 31,
};
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const isSafeProfile = (type: string | undefined) => type === 'RuntimeDefault' || type === 'Localhost';

function procMount({ containers }: PodSubject): Violation | undefined {
  const value = ({ securityContext }: Container) => securityContext?.procMount;
  const bad = containers.filter((each) => value(each) !== undefined && value(each) !== 'Default');
  if (bad.length === 0) return undefined;
  const names = containersText(bad.map(({ name }) => name));
  return {
    reason: 'procMount',
    detail: `${names} must not set securityContext.procMount to ${list(distinct(bad.map(value)))}`,
  };
}

/** Profiles that are named but not safe. */
function badSeccomp({ spec, containers }: PodSubject): Violation | undefined {
  const podType = spec.securityContext?.seccompProfile?.type;
  const typeOf = ({ securityContext }: Container) => securityContext?.seccompProfile?.type;
  const podIsBad = podType !== undefined && !isSafeProfile(podType);
  const bad = containers.filter((each) => typeOf(each) !== undefined && !isSafeProfile(typeOf(each)));
  if (!podIsBad && bad.length === 0) return undefined;
  const values = distinct([...(podIsBad ? [podType] : []), ...bad.map(typeOf)]);
  const setters = settersText(
    podIsBad,
    bad.map(({ name }) => name),
  );
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${list(values)}`,
  };
}

function volumeKind(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
}

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  const places: (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return places
    .flatMap((place) => [place?.httpGet?.host, place?.tcpSocket?.host])
    .filter((host) => Boolean(host)) as string[];
}

export const checks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 8,
    find({ spec, containers, minor }) {
      if (minor >= 25 && isWindows(spec)) return undefined;
      const bad = namesOf(containers, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
      if (bad.length === 0) return undefined;
      const detail = `${containersText(bad)} must set securityContext.allowPrivilegeEscalation=false`;
      return { reason: 'allowPrivilegeEscalation != false', detail };
    },
  },
  {
    id: 'appArmorProfile',
    level: 'baseline',
    since: 0,
    find({ metadata, spec, containers }) {
      const podType = spec.securityContext?.appArmorProfile?.type;
      const typeOf = ({ securityContext }: Container) => securityContext?.appArmorProfile?.type;
      const podIsBad = podType !== undefined && !isSafeProfile(podType);
      const bad = containers.filter((each) => typeOf(each) !== undefined && !isSafeProfile(typeOf(each)));
      const annotations = Object.entries(metadata?.annotations ?? {})
        .filter(
          ([key, value]) =>
            key.startsWith(appArmorPrefix) &&
            value !== '' &&
            value !== 'runtime/default' &&
            !value.startsWith('localhost/'),
        )
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .toSorted();
      if (!podIsBad && bad.length === 0 && annotations.length === 0) return undefined;
      const values = [...distinct([...(podIsBad ? [podType] : []), ...bad.map(typeOf)]), ...annotations];
      const setters = [
        settersText(
          podIsBad,
          bad.map(({ name }) => name),
        ),
      ].filter(Boolean);
      if (annotations.length > 0) setters.push(plural(annotations.length, 'annotation', 'annotations'));
      return {
        reason: plural(values.length, 'forbidden AppArmor profile', 'forbidden AppArmor profiles'),
        detail: `${and(setters)} must not set AppArmor profile type to ${list(values)}`,
      };
    },
  },
  {
    id: 'capabilities_baseline',
    level: 'baseline',
    since: 0,
    find({ containers }) {
      const badOf = ({ securityContext }: Container) =>
        (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
      const bad = containers.filter((each) => badOf(each).length > 0);
      if (bad.length === 0) return undefined;
      const added = list(distinct(bad.flatMap(badOf)));
      const names = containersText(bad.map(({ name }) => name));
      return {
        reason: 'non-default capabilities',
        detail: `${names} must not include ${added} in securityContext.capabilities.add`,
      };
    },
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    since: 22,
    overrides: 'capabilities_baseline',
    find({ spec, containers, minor }) {
      if (minor >= 25 && isWindows(spec)) return undefined;
      const keeping = namesOf(
        containers,
        ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'),
      );
      const badOf = ({ securityContext }: Container) =>
        (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
      const adding = containers.filter((each) => badOf(each).length > 0);
      const details: string[] = [];
      if (keeping.length > 0)
        details.push(`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
      if (adding.length > 0) {
        const added = list(distinct(adding.flatMap(badOf)));
        details.push(
          `${containersText(adding.map(({ name }) => name))} must not include ${added} in securityContext.capabilities.add`,
        );
      }
      return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
    },
  },
  {
    id: 'hostNamespaces',
    level: 'baseline',
    since: 0,
    find({ spec }) {
      const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]);
      if (shared.length === 0) return undefined;
      return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
    },
  },
  {
    id: 'hostPathVolumes',
    level: 'baseline',
    since: 0,
    find({ spec }) {
      const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
      if (bad.length === 0) return undefined;
      return { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume', 'volumes')} ${list(bad)}` };
    },
  },
  {
    id: 'hostPorts',
    level: 'baseline',
    since: 0,
    find({ containers }) {
      const portsOf = ({ ports }: Container) =>
        (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
      const bad = containers.filter((each) => portsOf(each).length > 0);
      if (bad.length === 0) return undefined;
      const ports = distinct(bad.flatMap(portsOf));
      const names = containersText(bad.map(({ name }) => name));
      const detail = `${names} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort', 'hostPorts')} ${ports.join(', ')}`;
      return { reason: 'hostPort', detail };
    },
  },
  {
    id: 'hostProbesAndHostLifecycle',
    level: 'baseline',
    since: 34,
    find({ containers }) {
      const bad = containers.filter((each) => hostsOf(each).length > 0);
      if (bad.length === 0) return undefined;
      const hosts = distinct(bad.flatMap(hostsOf));
      const names = containersText(distinct(bad.map(({ name }) => name)));
      const what = plural(hosts.length, 'probe or lifecycle host', 'probe or lifecycle hosts');
      return {
        reason: 'probe or lifecycle host',
        detail: `${names} ${plural(bad.length, 'uses', 'use')} ${what} ${list(hosts)}`,
      };
    },
  },
  {
    id: 'privileged',
    level: 'baseline',
    since: 0,
    find({ containers }) {
      const bad = namesOf(containers, ({ securityContext }) => securityContext?.privileged === true);
      if (bad.length === 0) return undefined;
      return { reason: 'privileged', detail: `${containersText(bad)} must not set securityContext.privileged=true` };
    },
  },
  {
    id: 'procMount',
    level: 'baseline',
    since: 0,
    find: (subject) => (subject.minor >= 35 && hasOwnUsers(subject.spec) ? undefined : procMount(subject)),
  },
  { id: 'procMount_restricted', level: 'restricted', since: 35, overrides: 'procMount', find: procMount },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    since: 0,
    overrides: 'hostPathVolumes',
    find({ spec }) {
      const bad = (spec.volumes ?? []).filter((volume) => !restrictedVolumeKinds.has(volumeKind(volume)));
      if (bad.length === 0) return undefined;
      const kinds = distinct(bad.map(volumeKind));
      const names = `${plural(bad.length, 'volume', 'volumes')} ${list(bad.map(({ name }) => name))}`;
      const what = plural(kinds.length, 'restricted volume type', 'restricted volume types');
      return {
        reason: 'restricted volume types',
        detail: `${names} ${plural(bad.length, 'uses', 'use')} ${what} ${list(kinds)}`,
      };
    },
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    since: 0,
    find({ spec, containers, minor }) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const podSays = spec.securityContext?.runAsNonRoot;
      const explicit = namesOf(containers, ({ securityContext }) => securityContext?.runAsNonRoot === false);
      const reason = 'runAsNonRoot != true';
      if (podSays === false || explicit.length > 0) {
        return {
          reason,
          detail: `${settersText(podSays === false, explicit)} must not set securityContext.runAsNonRoot=false`,
        };
      }
      const implicit = podSays
        ? []
        : namesOf(containers, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
      if (implicit.length === 0) return undefined;
      return { reason, detail: `pod or ${containersText(implicit)} must set securityContext.runAsNonRoot=true` };
    },
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    since: 23,
    find({ spec, containers, minor }) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const podIsBad = spec.securityContext?.runAsUser === 0;
      const bad = namesOf(containers, ({ securityContext }) => securityContext?.runAsUser === 0);
      if (!podIsBad && bad.length === 0) return undefined;
      return { reason: 'runAsUser=0', detail: `${settersText(podIsBad, bad)} must not set runAsUser=0` };
    },
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    since: 19,
    find: badSeccomp,
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    since: 19,
    overrides: 'seccompProfile_baseline',
    find(subject) {
      const { spec, containers, minor } = subject;
      if (minor >= 25 && isWindows(spec)) return undefined;
      const bad = badSeccomp(subject);
      if (bad !== undefined || spec.securityContext?.seccompProfile !== undefined) return bad;
      const implicit = namesOf(containers, ({ securityContext }) => securityContext?.seccompProfile === undefined);
      if (implicit.length === 0) return undefined;
      const wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
      return { reason: 'seccompProfile', detail: `pod or ${containersText(implicit)} ${wanted}` };
    },
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    since: 0,
    find({ spec, containers, minor }) {
      const badType = ({ type = '' }: SELinuxOptions) =>
        !((seLinuxTypesSince[type] ?? Number.POSITIVE_INFINITY) <= minor);
      const isBad = (options: SELinuxOptions | undefined) =>
        options !== undefined && (badType(options) || Boolean(options.user) || Boolean(options.role));
      const podOptions = spec.securityContext?.seLinuxOptions;
      const bad = containers.filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
      if (!isBad(podOptions) && bad.length === 0) return undefined;
      const all = [podOptions, ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(
        (each) => each !== undefined,
      );
      const types = distinct(all.filter(badType).map(({ type = '' }) => type));
      const details = [
        ...(types.length > 0 ? [`${plural(types.length, 'type', 'types')} ${list(types)}`] : []),
        ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
        ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
      ];
      const setters = settersText(
        isBad(podOptions),
        bad.map(({ name }) => name),
      );
      return {
        reason: 'seLinuxOptions',
        detail: `${setters} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}`,
      };
    },
  },
  {
    id: 'sysctls',
    level: 'baseline',
    since: 0,
    find({ spec, minor }) {
      const bad = (spec.securityContext?.sysctls ?? [])
        .map(({ name }) => name)
        .filter((name) => !((sysctlsSince[name] ?? Number.POSITIVE_INFINITY) <= minor));
      return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
    },
  },
  {
    id: 'windowsHostProcess',
    level: 'baseline',
    since: 0,
    find({ spec, containers }) {
      const podIsBad = spec.securityContext?.windowsOptions?.hostProcess === true;
      const bad = namesOf(containers, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
      if (!podIsBad && bad.length === 0) return undefined;
      return {
        reason: 'hostProcess',
        detail: `${settersText(podIsBad, bad)} must not set securityContext.windowsOptions.hostProcess=true`,
      };
    },
  },
];
