import { ConfigMaps, StorageVersionMigrations } from '@coracle/apimachinery/resources';
import { expect } from 'chai';
import { startTestCluster } from '../testing/index.ts';

describe('storage version migrator', () => {
  const start = () => startTestCluster({ controllers: ['storage-version-migrator-controller'] });
  const reasonsOf = (conditions: readonly { type?: string; reason?: string }[] | undefined) =>
    (conditions ?? []).map(({ type, reason }) => `${type} ${reason}`);

  it('writes every object of the resource and says that it is done', async () => {
    await using cluster = await start();
    for (const name of ['a', 'b']) await cluster.create(ConfigMaps, { metadata: { name }, data: { name } });
    await cluster.create(StorageVersionMigrations, {
      metadata: { name: 'maps' },
      spec: { resource: { group: '', resource: 'configmaps' } },
    });
    const done = await cluster.until('done', async () => {
      const migration = await cluster.get(StorageVersionMigrations, 'maps');
      return migration?.status?.conditions?.some(({ type }) => type === 'Succeeded') && migration;
    });
    expect(reasonsOf(done.status?.conditions)).to.deep.equal([
      'Running MigrationRunning',
      'Succeeded StorageVersionMigrationSucceeded',
    ]);
    expect(done.status?.conditions?.[0]?.message).to.match(/^The migration is running, \d+ objects verified migrated$/);
    expect(Number(done.status?.resourceVersion)).to.be.greaterThan(0);
    expect((await cluster.get(ConfigMaps, 'a'))?.data).to.deep.equal({ name: 'a' });
  });

  it('gives up on a resource that is not served within a minute', async () => {
    await using cluster = await start();
    await cluster.create(StorageVersionMigrations, {
      metadata: { name: 'none' },
      spec: { resource: { group: 'none.io', resource: 'things' } },
    });
    await cluster.until('a look', async () => cluster.get(StorageVersionMigrations, 'none'));
    await cluster.clock.advance(70_000);
    const failed = await cluster.until('given up', async () => {
      const migration = await cluster.get(StorageVersionMigrations, 'none');
      return migration?.status?.conditions !== undefined && migration;
    });
    expect(failed.status?.conditions?.[0]?.message).to.equal(
      'migration encountered unhandled error: unable to obtain GVR from discovery',
    );
  });
});
