import type { Running } from '@coracle/apimachinery/component';
import { ConfigMaps, Nodes, Pods, RuntimeClasses, Secrets, Services } from '@coracle/apimachinery/resources';
import type { Node, Pod, Secret } from '@coracle/apimachinery/types/core-v1';
import { createEventRecorder } from '@coracle/client/events';
import { createInformers, type Informers } from '@coracle/client/informer';
import { admitUnderPressure, createNodePressure } from './eviction/index.ts';
import { createImageManager } from './images/index.ts';
import { startHeartbeat } from './node/heartbeat.ts';
import { createNodeImages } from './node/node-images.ts';
import { pressureWords } from './node/node-object.ts';
import { createNodeRegistration } from './node/node-registration.ts';
import type { NodeAgentDependencies, NodeAgentOptions } from './node/options.ts';
import { createReferences, type References } from './node/references.ts';
import { systemInfo } from './node/system-info.ts';
import { admitPod, admitResize } from './pods/admission.ts';
import { createPodConfigs } from './pods/pod-configs.ts';
import { createPodEvents } from './pods/pod-events.ts';
import { createPodManager, type PodManager } from './pods/pod-manager.ts';
import type { PodServices } from './pods/pod-services.ts';
import { createLifecycleHooks } from './pods/lifecycle-hooks.ts';
import { createStatusWriter } from './pods/status-writer.ts';
import { createPodPlatform } from './platform.ts';

export type { NodeAgentDependencies, NodeAgentOptions, NodeDns, ServingOptions } from './node/options.ts';

/**
 * Starts the agent of one node: registers it, keeps its lease, and runs the pods bound to it until stopped. Containers
 * outlive the agent: the next one started for the same node takes them over.
 */
export async function startNodeAgent(dependencies: NodeAgentDependencies, options: NodeAgentOptions): Promise<Running> {
  const { client, clock, random, log } = dependencies;
  const { nodeName, runtime } = options;
  const environment = { clock, random, log: log.with({ node: nodeName }) };
  const stopping = new AbortController();
  const { signal } = stopping;
  const runtimeVersion = await runtime.version();

  const recorder = createEventRecorder({ client, environment }, { component: 'kubelet', host: nodeName });
  const events = createPodEvents(recorder);
  const tellNode = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    recorder.event(nodeReference(nodeName), type, reason, message);
  const references = createReferences(environment, client);
  const informers = createInformers({ client, environment });
  const pods = informers.for(Pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const nodes = informers.for(Nodes, { fieldSelector: `metadata.name=${nodeName}` });
  const nodeImages = createNodeImages(runtime);
  const pressure = createNodePressure((condition, isPresent) => {
    const [word] = pressureWords[condition][isPresent ? 'present' : 'absent'];
    tellNode('Normal', `Node${word}`, `Node ${nodeName} status is now: Node${word}`);
    registration.update(false).catch((error: unknown) => {
      if (!signal.aborted) environment.log.warn('the node status was not written', { error: String(error) });
    });
  });
  const registration = createNodeRegistration(
    {
      client,
      environment,
      info: await systemInfo(options, runtimeVersion),
      images: nodeImages.list,
      problem: () => undefined,
      pressure: () => pressure.conditions,
    },
    options,
    signal,
  );
  const platform = createPodPlatform({
    environment,
    events,
    references,
    client,
    options,
    images: () => services.images,
    pressure,
    imagesNotFreed: (message) => tellNode('Warning', 'FreeDiskSpaceFailed', message),
    nodeReclaims: (resource) => tellNode('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`),
    podEvicted: (pod, { message, annotations }) =>
      recorder.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'Evicted', message, { annotations }),
  });
  const statuses = createStatusWriter(client, environment, signal);
  let manager: PodManager | undefined;
  const hostIPs = () => nodeAddresses(options);

  /** A node that is not in the API refuses nobody. */
  const judge = <T>(rule: (pod: Pod, node: Node, others: readonly Pod[]) => T, pod: Pod): T | undefined => {
    const node = nodes.lister.get(nodeName);
    return node && rule(pod, node, neighbours(manager));
  };

  const services: PodServices = {
    environment,
    runtime,
    runtimeName: runtimeVersion.name,
    hostIPs,
    events,
    statuses,
    hooks: createLifecycleHooks(environment, runtime),
    images: createImageManager({
      environment,
      runtime,
      events,
      secrets: (pod) => pullSecrets(references, platform.holder(pod), pod),
      used: nodeImages.noteUse,
    }),
    admit: (pod) => admitUnderPressure(pod, pressure.conditions) ?? judge(admitPod, pod),
    admitResize: (pod) => judge(admitResize, pod),
    volumes: platform.volumes,
    probes: platform.probes,
    cgroups: platform.cgroups,
    files: platform.files,
    terminationMessage: platform.terminationMessage,
    forget: platform.forget,
    configs: createPodConfigs({
      runtime,
      cgroups: platform.cgroups,
      files: platform.files,
      volumeMounts: platform.volumeMounts,
      configMap: (pod, name) => references.get(platform.holder(pod), ConfigMaps, name),
      secret: (pod, name) => references.get(platform.holder(pod), Secrets, name),
      services: () => listServices(informers),
      nodeHostsFile: platform.nodeHostsFile,
      hostIPs,
      dns: options.dns,
      allocatable: options.allocatable,
      capacity: options.capacity,
      cgroup: options.cgroup,
      seccompDefault: options.seccompDefault ?? false,
      runtimeHandler: async (name) => (await client.get(RuntimeClasses, { name })).handler,
    }),
  };

  const node = await registration.register();
  const heartbeat = startHeartbeat(
    { client, environment, registration },
    { nodeName, nodeUid: node.metadata?.uid ?? '' },
  );
  tellNode('Normal', 'Starting', 'Starting kubelet.');
  await informers.start();
  manager = createPodManager(services, nodeName);
  await manager.adopt(pods.lister.list());
  follow(pods, manager);
  const server = await platform.serve(manager);
  const chores = platform.chores(manager);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await server?.stop();
    await Promise.all(chores.map((chore) => chore.stop()));
    await informers.stop();
    await manager?.stop();
    await heartbeat.stop();
    stopping.abort(new Error('the node agent stops'));
    await references.stop();
    await recorder.stop();
  };
  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

function follow(pods: ReturnType<Informers['for']>, manager: PodManager): void {
  pods.addHandler({
    added: (pod) => manager.put(pod as Pod),
    updated: (pod) => manager.put(pod as Pod),
    deleted: (pod) => manager.remove(pod as Pod),
  });
}

/** What else uses the node's resources. */
function neighbours(manager: PodManager | undefined): Pod[] {
  return [...(manager?.workers ?? [])].filter((worker) => !worker.isOver).map((worker) => worker.pod);
}

async function pullSecrets(
  references: References,
  holder: ReturnType<ReturnType<typeof createPodPlatform>['holder']>,
  pod: Pod,
) {
  const names = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
  const found = await Promise.all(names.map((name) => references.get(holder, Secrets, name)));
  return found.filter((secret): secret is Secret => secret !== undefined);
}

/** Watched from the first container on that wants to know. */
async function listServices(informers: Informers) {
  const services = informers.for(Services);
  if (!services.hasSynced) await informers.start();
  return services.lister.list();
}

function nodeAddresses({ addresses }: NodeAgentOptions): readonly string[] {
  return addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

function nodeReference(name: string) {
  // Events about nodes carry the name as uid, as the upstream agent writes them.
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
}
