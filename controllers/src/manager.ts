import type { Environment, Running } from '@coracle/apimachinery/component';
import { createEventRecorder, type RunningEventRecorder } from '@coracle/client/events';
import { createInformers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createWorkQueue, type WorkQueue } from '@coracle/client/workqueue';
import { controllerTable, type ControllerRow } from './controller-table.ts';
import {
  type ControllerContext,
  createDiscovery,
  createResourceInformers,
  type LoopOptions,
  runLoop,
  type SigningMaterial,
} from './runtime/index.ts';
import { addSharedIndexes } from './shared/index.ts';

export interface ControllersDependencies {
  /** A client that speaks as the named user. */
  readonly clientFor: (userName: string) => Client;
  readonly environment: Environment;
  readonly signing: SigningMaterial;
}

export interface ControllersOptions {
  /**
   * Which controllers run, as upstream's `--controllers`: `*` stands for those that are on by default, `name` turns one on,
   * `-name` off. All defaults when absent.
   */
  readonly controllers?: readonly string[];
}

/** Who reads for all controllers. */
const readerUser = 'system:kube-controller-manager';

interface DeclaredLoop {
  readonly queue: WorkQueue;
  readonly options: LoopOptions;
  readonly log: Environment['log'];
}

/** Starts the controllers; resolves when their caches are full and their loops run. */
export async function startControllers(
  dependencies: ControllersDependencies,
  options: ControllersOptions = {},
): Promise<Running> {
  const { clientFor, environment, signing } = dependencies;
  const informers = createInformers({ client: clientFor(readerUser), environment });
  const stopping = new AbortController();
  const recorders: RunningEventRecorder[] = [];
  const loops: DeclaredLoop[] = [];
  const onSynced: (() => void)[] = [];
  const discovery = createDiscovery({
    client: clientFor(readerUser),
    informers,
    clock: environment.clock,
    log: environment.log,
    signal: stopping.signal,
  });
  const resources = createResourceInformers({ client: clientFor(readerUser), environment, informers, discovery });

  const contextOf = (row: ControllerRow): ControllerContext => {
    const user = row.account ? `system:serviceaccount:kube-system:${row.account}` : readerUser;
    const client = clientFor(user);
    const log = environment.log.with({ controller: row.name });
    const events = createEventRecorder({ client, environment }, { component: row.eventSource ?? row.name });
    recorders.push(events);
    return {
      name: row.name,
      client,
      informers,
      discovery,
      resources,
      events,
      environment,
      clock: environment.clock,
      random: environment.random,
      log,
      signal: stopping.signal,
      signing,
      loop(loopOptions) {
        const queue = createWorkQueue({ clock: environment.clock });
        loops.push({ queue, options: loopOptions, log: loopOptions.name ? log.with({ loop: loopOptions.name }) : log });
        return queue;
      },
      onSynced: (task) => onSynced.push(task),
    };
  };

  // What is served decides which informers some controllers ask for.
  await discovery.refresh();
  addSharedIndexes(informers);
  for (const row of selectControllers(controllerTable, options.controllers)) row.start(contextOf(row));
  let working: Promise<unknown> = Promise.resolve();
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the controllers are stopped'));
    for (const { queue } of loops) queue.shutDown();
    await working;
    await resources.stop();
    await Promise.all(recorders.map((recorder) => recorder.stop()));
    await informers.stop();
  };
  try {
    await informers.start();
  } catch (error) {
    await stop();
    throw error;
  }
  for (const task of onSynced) task();
  working = Promise.all(loops.map(({ queue, options: loopOptions, log }) => runLoop(queue, loopOptions, log)));
  return { stop };
}

/** The rows to run, in the table's order. Throws on a name that is in no row. */
export function selectControllers(
  table: readonly ControllerRow[],
  wanted: readonly string[] = ['*'],
): readonly ControllerRow[] {
  const names = new Set(table.map((row) => row.name));
  for (const entry of wanted) {
    const name = entry.replace(/^-/, '');
    if (name !== '*' && !names.has(name)) {
      throw new Error(`unknown controller "${name}"; known are ${[...names].join(', ')}`);
    }
  }
  return table.filter(({ name, onByDefault = true }) => {
    if (wanted.includes(`-${name}`)) return false;
    return wanted.includes(name) || (wanted.includes('*') && onByDefault);
  });
}
