import type { Environment, Running } from '@coracle/apimachinery/component';
import * as resources from '@coracle/apimachinery/resources';
import { createEventRecorder } from '@coracle/client/events';
import { createInformers, type Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { ClusterCache } from './cache/cluster-cache.ts';
import { Cycle, nodesNeeded } from './cycle/schedule-one.ts';
import type { Cluster, Listers, Watched } from './framework/cluster.ts';
import { Listeners } from './framework/listeners.ts';
import { defaultPlugins } from './plugins/index.ts';
import { Nominator } from './queue/nominator.ts';
import { type QueueOptions, SchedulingQueue } from './queue/scheduling-queue.ts';
import { watchCluster } from './watch-cluster.ts';

export interface SchedulerDependencies {
  /** Speaks as `system:kube-scheduler`. */
  readonly client: Client;
  readonly environment: Environment;
}

export interface SchedulerOptions extends QueueOptions {
  /** Pods that name another scheduler are left alone. `default-scheduler` where absent; also the events' source. */
  readonly schedulerName?: string;
}

/** How long pods are scheduled in one go before others get the thread, in milliseconds. */
const sliceMs = 4;

/** Starts to place pods. Resolves once everything is known that decisions depend on. */
export async function startScheduler(
  dependencies: SchedulerDependencies,
  options: SchedulerOptions = {},
): Promise<Running> {
  const { client, environment } = dependencies;
  const schedulerName = options.schedulerName ?? 'default-scheduler';
  const informers = createInformers({ client, environment });
  const watched = watchedBy(informers);
  const recorder = createEventRecorder({ client, environment }, { component: schedulerName });
  const cluster: Cluster = {
    cache: new ClusterCache({ namespaceLabels: (name) => watched.namespaces.lister.get(name)?.metadata?.labels }),
    nominator: new Nominator(),
    listers: listersOf(watched),
    client,
    recorder,
    environment,
    volumeChanges: new Listeners(),
    activate: (podKeys) => queue.activate(podKeys),
  };
  const plugins = defaultPlugins(cluster);
  const turns = new Turns(() => runSlice());
  const queue = new SchedulingQueue(
    { clock: environment.clock, plugins: [...plugins, nodesNeeded], onReady: () => turns.request() },
    options,
  );
  const cycle = new Cycle(cluster, queue, plugins);

  const runSlice = (): void => {
    const end = environment.clock.monotonic() + sliceMs;
    for (let queued = queue.pop(); queued; queued = queue.pop()) {
      cycle.scheduleOne(queued);
      if (environment.clock.monotonic() >= end) break;
    }
    if (queue.isReady) turns.request();
  };

  watchCluster(watched, { cluster, queue, schedulerName });
  await informers.start();
  turns.start();
  return {
    async stop() {
      turns.stop();
      queue.stop();
      await informers.stop();
      await cycle.stop();
      await recorder.stop();
    },
  };
}

/** Gives a piece of work the thread again and again, and everybody else in between. */
class Turns {
  readonly #work: () => void;
  #isRequested = false;
  #isRunning = false;
  #pending: NodeJS.Immediate | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  start(): void {
    this.#isRunning = true;
    if (this.#isRequested) this.#arm();
  }

  request(): void {
    this.#isRequested = true;
    if (this.#isRunning) this.#arm();
  }

  stop(): void {
    this.#isRunning = false;
    if (this.#pending) clearImmediate(this.#pending);
  }

  #arm(): void {
    this.#pending ??= setImmediate(() => {
      this.#pending = undefined;
      this.#isRequested = false;
      this.#work();
    });
  }
}

function watchedBy(informers: Informers): Watched {
  return {
    // Pods that have ended take nothing any more: for the scheduler they are deleted.
    pods: informers.for(resources.Pods, { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }),
    nodes: informers.for(resources.Nodes),
    namespaces: informers.for(resources.Namespaces),
    services: informers.for(resources.Services),
    replicationControllers: informers.for(resources.ReplicationControllers),
    replicaSets: informers.for(resources.ReplicaSets),
    statefulSets: informers.for(resources.StatefulSets),
    disruptionBudgets: informers.for(resources.PodDisruptionBudgets),
    persistentVolumes: informers.for(resources.PersistentVolumes),
    persistentVolumeClaims: informers.for(resources.PersistentVolumeClaims),
    storageClasses: informers.for(resources.StorageClasses),
    csiNodes: informers.for(resources.CSINodes),
    csiDrivers: informers.for(resources.CSIDrivers),
    csiStorageCapacities: informers.for(resources.CSIStorageCapacities),
    volumeAttachments: informers.for(resources.VolumeAttachments),
  };
}

function listersOf(watched: Watched): Listers {
  const entries = Object.entries(watched).map(([name, informer]) => [name, informer.lister]);
  return Object.fromEntries(entries) as Listers;
}
