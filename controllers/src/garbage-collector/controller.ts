import type { WorkQueue } from '@coracle/client/workqueue';
import type { StartController } from '../runtime/index.ts';
import { Collector } from './collect.ts';
import { OwnershipGraph } from './graph.ts';

const workers = 20;

/** Deletes what has lost its owners, and carries out foreground and orphaning deletion. */
export const startGarbageCollector: StartController = (context) => {
  const { client, discovery, events } = context;
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
  context.resources.follow({
    handler: (resource) => ({
      added: (object) => graph.observe(resource, object),
      updated: (object) => graph.observe(resource, object),
      deleted: (object) => graph.remove(object.metadata?.uid ?? ''),
    }),
    gone: (_, objects) => {
      for (const { metadata } of objects) graph.remove(metadata?.uid ?? '');
    },
  });
};
