import type { WorkQueue } from '@coracle/client/workqueue';
import type { StartController } from '../runtime/index.ts';
import { Collector } from './collect.ts';
import { OwnershipGraph } from './graph.ts';
import { Monitors } from './monitors.ts';

const workers = 20;

/** Deletes what has lost its owners, and carries out foreground and orphaning deletion. */
export const startGarbageCollector: StartController = (context) => {
  const { client, discovery, informers, events, environment, log } = context;
  const deletions: WorkQueue = context.loop({
    name: 'delete',
    workers,
    reconcile: (uid) => collector.attemptToDelete(uid),
  });
  const orphanings: WorkQueue = context.loop({
    name: 'orphan',
    workers,
    reconcile: (uid) => collector.attemptToOrphan(uid),
  });
  const attemptToDelete = (uid: string) => deletions.add(uid);
  const graph = new OwnershipGraph({
    attemptToDelete,
    attemptToOrphan: (uid) => orphanings.add(uid),
    ownerInOtherNamespace({ identity }, { apiVersion, kind, name, uid }) {
      const { namespace } = identity;
      const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
      const message = `ownerRef ${owner} does not exist in namespace "${namespace}"`;
      const { apiVersion: ownApiVersion, kind: ownKind, ...metadata } = identity;
      events.event(
        { apiVersion: ownApiVersion, kind: ownKind, metadata },
        'Warning',
        'OwnerRefInvalidNamespace',
        message,
      );
    },
  });
  const collector = new Collector({ client, discovery, graph, attemptToDelete });
  const monitors = new Monitors({ client, environment, informers, graph });
  const sync = (): void => {
    monitors
      .sync(discovery.resources)
      .catch((error: unknown) => log.error('monitors not brought up to date', { error: String(error) }));
  };
  sync();
  discovery.onChange(sync);
  context.onStop(() => monitors.stop());
};
