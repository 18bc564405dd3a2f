import { quantityValue } from '@coracle/apimachinery/quantity';
import type {
  ConfigMap,
  Container as ContainerSpec,
  Pod,
  ResourceRequirements,
  Secret,
  Service,
} from '@coracle/apimachinery/types/core-v1';
import type { NodeDns } from '../node/options.ts';
import {
  type ContainerConfig,
  type ContainerRuntime,
  type LinuxResources,
  type Mount,
  type PortMapping,
  runsToCompletionAnnotation,
  type SandboxConfig,
} from '../runtime/index.ts';
import { containerHash } from './container-hash.ts';
import { dnsConfig, hostnameAndDomain, sandboxHostname } from './dns.ts';
import { environmentVariables } from './environment-variables.ts';
import { expand } from './expansion.ts';
import { nodeHosts, podHosts } from './hosts-file.ts';
import { annotation, isHostNetwork, isSidecar, label } from './observed.ts';
import {
  type ContainerConfigRequest,
  type PodCgroups,
  type PodConfigs,
  type PodFiles,
  StartProblem,
} from './pod-services.ts';
import { containerResources, type NodeMemory } from './resources.ts';
import { containerSecurity, namespaceOptions, sandboxSecurity } from './security-context.ts';
import { serviceVariables } from './service-variables.ts';

export interface PodConfigsDependencies {
  readonly runtime: ContainerRuntime;
  readonly cgroups: PodCgroups;
  readonly files: PodFiles;
  /** Mounts of the container's `volumeMounts`; `variables` are for `subPathExpr`. Throws with the status text. */
  readonly volumeMounts: (pod: Pod, spec: ContainerSpec, variables: ReadonlyMap<string, string>) => Promise<Mount[]>;
  readonly configMap: (pod: Pod, name: string) => Promise<ConfigMap | undefined>;
  readonly secret: (pod: Pod, name: string) => Promise<Secret | undefined>;
  readonly services: () => Promise<readonly Service[]>;
  /** The node's own `/etc/hosts`. */
  readonly nodeHostsFile: () => Promise<string>;
  readonly hostIPs: () => readonly string[];
  readonly dns: NodeDns;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
  readonly cgroup: 'v1' | 'v2';
  readonly seccompDefault: boolean;
  /** The handler that a RuntimeClass names. Throws where there is no such class. */
  readonly runtimeHandler: (className: string) => Promise<string>;
}

const hostsPath = '/etc/hosts';

export function createPodConfigs(dependencies: PodConfigsDependencies): PodConfigs {
  const { dns, cgroups, files, runtime } = dependencies;
  const node: NodeMemory = {
    capacityBytes: quantityValue(dependencies.capacity['memory']),
    allocatableBytes: quantityValue(dependencies.allocatable['memory']),
    cgroup: dependencies.cgroup,
  };
  /** What each running container was last given, by its id, and the words of the spec that it came from. */
  const given = new Map<string, Given>();
  const wanted = (pod: Pod, spec: ContainerSpec) => containerResources(pod, spec, node);

  return {
    async sandbox(pod, attempt) {
      const { name = '', namespace = '', uid = '', labels = {}, annotations = {} } = pod.metadata ?? {};
      const portMappings = portMappingsOf(pod);
      const className = pod.spec?.runtimeClassName;
      const runtimeHandler = className ? await dependencies.runtimeHandler(className) : '';
      return {
        metadata: { name, namespace, uid, attempt },
        ...(!isHostNetwork(pod) && { hostname: sandboxHostname(pod, dns.clusterDomain) }),
        logDirectory: files.logDirectory(pod),
        dnsConfig: dnsConfig(pod, dns),
        ...(portMappings.length > 0 && { portMappings }),
        labels: { ...labels, ...ownLabels(pod) },
        annotations,
        ...(runtimeHandler !== '' && { runtimeHandler }),
        linux: {
          cgroupParent: await cgroups.ensure(pod),
          securityContext: sandboxSecurity(pod),
          sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map((one) => [one.name, one.value])),
        },
      } satisfies SandboxConfig;
    },

    async container(request) {
      try {
        return await makeContainer(dependencies, request, wanted(request.pod, request.spec));
      } catch (error) {
        throw new StartProblem('CreateContainerConfigError', error instanceof Error ? error.message : String(error));
      }
    },

    resourceChange(container, pod, spec) {
      const target = wanted(pod, spec);
      const present = given.get(container.id)?.linux ?? container.resources ?? target;
      const changed = changedResources(present, target);
      if (changed.length === 0) {
        // Other words may come to the same: the kernel's smallest share is 2m.
        given.set(container.id, { linux: target, words: spec.resources ?? {} });
        return 'none';
      }
      const restarts = (spec.resizePolicy ?? []).some(
        ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changed.includes(resourceName),
      );
      return restarts ? 'restart' : 'update';
    },

    async applyResources(container, pod, spec) {
      const target = wanted(pod, spec);
      // A limit that is taken away is written as "none" (-1), which absence would not do.
      await cgroups.ensure(pod);
      await runtime.updateContainerResources(container.id, {
        cpuQuota: -1,
        memoryLimitInBytes: -1,
        ...withoutScore(target),
      });
      given.set(container.id, { linux: target, words: spec.resources ?? {} });
    },

    resourceStatus(_pod, spec, running) {
      const { requests, limits } = (running && given.get(running.id)?.words) ?? spec.resources ?? {};
      const allocated = spec.resources?.requests;
      return {
        resources: { ...(limits && { limits }), ...(requests && { requests }) },
        ...(allocated && { allocatedResources: allocated }),
      };
    },

    forget(containerIds) {
      for (const id of containerIds) given.delete(id);
    },
  };
}

interface Given {
  readonly linux: LinuxResources;
  readonly words: ResourceRequirements;
}

/** The score cannot be changed in a running container. */
function withoutScore(resources: LinuxResources): LinuxResources {
  const { oomScoreAdj, ...rest } = resources;
  return oomScoreAdj === undefined ? resources : rest;
}

function changedResources(present: LinuxResources, target: LinuxResources): string[] {
  const same = (key: keyof LinuxResources) => (present[key] ?? 0) === (target[key] ?? 0);
  const changed: string[] = [];
  if (!same('cpuShares') || !same('cpuQuota')) changed.push('cpu');
  if (!same('memoryLimitInBytes')) changed.push('memory');
  return changed;
}

async function makeContainer(
  dependencies: PodConfigsDependencies,
  request: ContainerConfigRequest,
  resources: LinuxResources,
): Promise<ContainerConfig> {
  const { pod, spec, attempt, image, podIPs } = request;
  const { dns, files } = dependencies;
  const envs = await environmentVariables(pod, spec, {
    podIPs,
    hostIPs: dependencies.hostIPs(),
    configMap: (name) => dependencies.configMap(pod, name),
    secret: (name) => dependencies.secret(pod, name),
    services: serviceVariables(pod, await dependencies.services()),
    allocatable: dependencies.allocatable,
  });
  const { hostname, domain } = hostnameAndDomain(pod, dns.clusterDomain);
  const variables = new Map(envs.map(({ key, value }) => [key, value]));
  const expandOne = (text: string) => expand(text, (name) => variables.get(name));
  const mounts = await dependencies.volumeMounts(pod, spec, variables);
  const logPath = await files.terminationLog(pod, spec.name);
  const terminationPath = spec.terminationMessagePath ?? '/dev/termination-log';
  if (logPath !== undefined) mounts.push({ containerPath: terminationPath, hostPath: logPath, readonly: false });
  if (!mounts.some(({ containerPath }) => containerPath === hostsPath)) {
    const aliases = pod.spec?.hostAliases ?? [];
    const content = isHostNetwork(pod)
      ? nodeHosts(await dependencies.nodeHostsFile(), aliases)
      : podHosts(podIPs, hostname, domain, aliases);
    const hostPath = await files.etcHosts(pod, content);
    if (hostPath !== undefined) mounts.push({ containerPath: hostsPath, hostPath, readonly: false });
  }
  const security = containerSecurity(pod, spec, image, dependencies);
  const stopSignal = spec.lifecycle?.stopSignal;
  return {
    metadata: { name: spec.name, attempt },
    image: { image: image.ref, userSpecifiedImage: spec.image ?? '' },
    command: (spec.command ?? []).map(expandOne),
    args: (spec.args ?? []).map(expandOne),
    workingDir: spec.workingDir ?? '',
    envs: [{ key: 'HOSTNAME', value: hostname }, ...envs].slice(variables.has('HOSTNAME') ? 1 : 0),
    mounts,
    devices: [],
    labels: { ...ownLabels(pod), [label.containerName]: spec.name },
    annotations: ownAnnotations(request),
    logPath: `${spec.name}/${attempt}.log`,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    linux: {
      resources,
      securityContext: {
        ...security,
        ...(request.targetContainerId !== undefined && {
          namespaceOptions: { ...namespaceOptions(pod), pid: 'TARGET', targetId: request.targetContainerId },
        }),
      },
    },
    ...(stopSignal !== undefined && { stopSignal }),
  };
}

function ownLabels({ metadata, spec }: Pod): Record<string, string> {
  return {
    [label.node]: spec?.nodeName ?? '',
    [label.podName]: metadata?.name ?? '',
    [label.podNamespace]: metadata?.namespace ?? '',
    [label.podUid]: metadata?.uid ?? '',
  };
}

function ownAnnotations({ pod, spec, kind, attempt }: ContainerConfigRequest): Record<string, string> {
  const grace = pod.spec?.terminationGracePeriodSeconds;
  return {
    [annotation.hash]: containerHash(spec),
    [annotation.restartCount]: String(attempt),
    [annotation.terminationMessagePath]: spec.terminationMessagePath ?? '/dev/termination-log',
    [annotation.terminationMessagePolicy]: spec.terminationMessagePolicy ?? 'File',
    ...(grace !== undefined && { [annotation.podTerminationGracePeriod]: String(grace) }),
    ...(kind === 'init' && !isSidecar(spec) && { [runsToCompletionAnnotation]: 'true' }),
  };
}

function portMappingsOf(pod: Pod): PortMapping[] {
  if (isHostNetwork(pod)) return [];
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP = '' }) =>
      hostPort ? [{ hostPort, containerPort, protocol: protocol as PortMapping['protocol'], hostIp: hostIP }] : [],
    ),
  );
}
