import { StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { StorageVersionMigrations } from '@coracle/apimachinery/resources';
import type { StorageVersionMigration } from '@coracle/apimachinery/types/storagemigration-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { type DiscoveredResource, queueSelf, type StartController } from '../runtime/index.ts';
import { formatTime, parseTime, setStatusCondition } from '../shared/index.ts';

/** A resource that was just defined may not be known yet. */
const unknownMs = 60_000;
const retryMs = 5000;
const pageSize = 500;
const fieldManager = 'storage-version-migrator-controller';

type Migration = StorageVersionMigration & KubernetesObject;
type Condition = NonNullable<NonNullable<Migration['status']>['conditions']>[number];

/**
 * Writes every object of a resource once without a change (KEP-4192, `pkg/controller/storageversionmigrator`). One that was
 * written or deleted in the meantime needs no more.
 */
export const startStorageVersionMigrator: StartController = ({ client, informers, discovery, clock, loop }) => {
  const migrations = informers.for(StorageVersionMigrations);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  migrations.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const migration = migrations.lister.get(name);
    if (!migration || isDone(migration)) return;
    const { group = '', resource: plural } = migration.spec?.resource ?? {};
    const find = () => discovery.byResource({ group, resource: plural ?? '' });
    const resource = find() ?? (await discovery.refresh().then(find));
    if (!resource) {
      const age = clock.now() - (parseTime(migration.metadata?.creationTimestamp) ?? 0);
      if (age < unknownMs) queue.addAfter(name, retryMs);
      else await fail(migration, 'unable to obtain GVR from discovery');
      return;
    }
    try {
      await migrate(migration, resource);
    } catch (error) {
      // Trouble of the moment is no verdict: the loop tries again.
      if (!(error instanceof StatusError) || error.code >= 500 || error.code === 429) throw error;
      await fail(migration, error.message);
    }
  }

  async function migrate(migration: Migration, resource: DiscoveredResource): Promise<void> {
    let total = 0;
    let checkpoint: string | undefined;
    let token: string | undefined;
    do {
      const page = await client.list(resource, { limit: pageSize, ...(token ? { continue: token } : {}) });
      checkpoint ??= page.metadata?.resourceVersion;
      for (const object of page.items) await rewrite(resource, object);
      total += page.items.length;
      token = page.metadata?.continue;
    } while (token);
    const verified = total === 0 ? '' : `, ${total} objects verified migrated`;
    const conditions = [
      condition('Running', 'MigrationRunning', `The migration is running${verified}`),
      condition('Succeeded', 'StorageVersionMigrationSucceeded', 'Migration completed'),
    ];
    await write(migration, conditions, checkpoint);
  }

  async function rewrite(resource: DiscoveredResource, { metadata }: KubernetesObject): Promise<void> {
    const key = { name: metadata?.name ?? '', namespace: metadata?.namespace };
    const body = { metadata: { resourceVersion: metadata?.resourceVersion, uid: metadata?.uid } };
    try {
      await client.patch(resource, key, { type: 'merge', body }, { fieldManager });
    } catch (error) {
      if (!(error instanceof StatusError) || (error.code !== 409 && error.code !== 404)) throw error;
    }
  }

  function condition(type: string, reason: string, message: string): Condition {
    return { type, status: 'True', reason, message, lastTransitionTime: formatTime(clock.now()) };
  }

  async function fail(migration: Migration, cause: string): Promise<void> {
    const message = `migration encountered unhandled error: ${cause}`;
    await write(migration, [condition('Failed', 'StorageVersionMigrationFailed', message)], undefined);
  }

  async function write(migration: Migration, added: readonly Condition[], resourceVersion: string | undefined) {
    const conditions = added.reduce<Condition[]>(setStatusCondition, migration.status?.conditions ?? []);
    const status = { ...migration.status, conditions, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await client.update(StorageVersionMigrations, { ...migration, status }, { subresource: 'status' });
  }
};

function isDone({ status }: Migration): boolean {
  return (status?.conditions ?? []).some(
    ({ type, status: value }) => value === 'True' && (type === 'Succeeded' || type === 'Failed'),
  );
}
