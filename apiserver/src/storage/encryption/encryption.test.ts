import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ConfigMaps, Secrets } from '@coracle/apimachinery/resources';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import type { Client } from '@coracle/client/rest';
import { expect } from 'chai';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { createMemoryStorage } from '../memory/index.ts';
import type { Storage } from '../storage.ts';
import { storageSuite } from '../testing/index.ts';
import { encryptStorage } from './index.ts';

const base64Of = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64');
const provider = (name: string, key: string, byte: number) => ({
  [name]: { keys: [{ name: key, secret: base64Of(byte) }] },
});
const identity = { identity: {} };
const fileOf = (resources: readonly string[], ...providers: readonly object[]) =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers }],
  });

describe('encryption at rest', () => {
  let directory: string;
  let path: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-encryption-'));
    path = join(directory, 'encryption.json');
  });
  after(() => rm(directory, { recursive: true }));

  // What drivers promise holds with every value sealed.
  storageSuite('memory, sealed', async () => {
    const clock = createVirtualClock();
    await writeFile(path, fileOf(['*.*'], provider('aesgcm', 'one', 1)));
    const stop = new AbortController();
    const storage = await encryptStorage(
      createMemoryStorage({ clock }),
      { path, reload: false },
      { rows: builtinScheme().rows(), environment: { clock, log: silentLogger }, signal: stop.signal },
    );
    return {
      storage,
      passTime: (seconds) => clock.advance(seconds * 1000),
      stop: () => storage.close(),
    };
  });

  describe('of a server', () => {
    let clock: VirtualClock;
    let storage: Storage;
    let running: TestApiServer | undefined;

    beforeEach(() => {
      clock = createVirtualClock();
      storage = createMemoryStorage({ clock });
    });
    afterEach(async () => {
      await running?.stop();
      running = undefined;
    });

    const start = async (content?: string): Promise<Client> => {
      await running?.stop();
      if (content !== undefined) await writeFile(path, content);
      running = await startTestApiServer({
        clock,
        random: createSeededRandom(1),
        // Outlives its servers, which close only what is theirs.
        dependencies: { storage },
        options: content === undefined ? {} : { encryption: { path, reload: true } },
      });
      return running.client;
    };
    const stored = async (key: string) => {
      const { item } = await storage.get(`/registry/${key}`);
      return Buffer.from(item?.value ?? []).toString('latin1');
    };
    const create = (client: Client, name: string) =>
      client.create(Secrets, {
        metadata: { name, namespace: 'default' },
        stringData: { password: 'swordfish' },
      } as object);
    const password = (secret: KubernetesObject | undefined) =>
      (secret as { data?: { password?: string } } | undefined)?.data?.password;
    const rewriteAll = async (client: Client) => {
      const { items } = await client.list(Secrets, { namespace: 'default' });
      for (const item of items) await client.update(Secrets, item);
    };
    const swordfish = Buffer.from('swordfish').toString('base64');

    for (const name of ['aesgcm', 'aescbc', 'secretbox']) {
      it(`keeps a Secret unreadable with ${name}, and reads it again after a restart`, async () => {
        const file = fileOf(['secrets'], provider(name, 'one', 1), identity);
        const client = await start(file);
        await create(client, 's');
        const bytes = await stored('secrets/default/s');
        expect(bytes.startsWith(`k8s:enc:${name}:v1:one:`)).to.equal(true);
        expect(bytes).not.to.contain(swordfish);
        expect(bytes).not.to.contain('password');
        const again = await start(file);
        expect(password(await again.get(Secrets, { namespace: 'default', name: 's' }))).to.equal(swordfish);
      });
    }

    it('leaves other resources as they are, and seals what a wildcard names', async () => {
      const client = await start(fileOf(['*.'], provider('aesgcm', 'one', 1)));
      await client.create(ConfigMaps, { metadata: { name: 'c', namespace: 'default' }, data: { a: 'b' } } as object);
      expect(await stored('configmaps/default/c')).to.match(/^k8s:enc:aesgcm:v1:one:/);
      expect(await stored('clusterroles/none')).to.equal('');
      expect(await stored('services/specs/default/kubernetes')).to.match(/^k8s:enc:aesgcm/);
      expect(await stored('priorityclasses/system-node-critical')).to.match(/^{"kind":"PriorityClass"/);
    });

    it('writes with the first key, reads with all, and seals again what is written unchanged', async () => {
      await create(await start(), 'plain');
      let client = await start(fileOf(['secrets'], provider('aesgcm', 'one', 1), identity));
      expect(password(await client.get(Secrets, { namespace: 'default', name: 'plain' }))).to.equal(swordfish);
      await rewriteAll(client);
      expect(await stored('secrets/default/plain')).to.match(/^k8s:enc:aesgcm:v1:one:/);
      const before = await client.get(Secrets, { namespace: 'default', name: 'plain' });
      await rewriteAll(client);
      const after = await client.get(Secrets, { namespace: 'default', name: 'plain' });
      expect(after.metadata?.resourceVersion, 'sealed with the first key already').to.equal(
        before.metadata?.resourceVersion,
      );

      client = await start(fileOf(['secrets'], provider('aescbc', 'two', 2), provider('aesgcm', 'one', 1)));
      await rewriteAll(client);
      expect(await stored('secrets/default/plain')).to.match(/^k8s:enc:aescbc:v1:two:/);
      client = await start(fileOf(['secrets'], identity, provider('aescbc', 'two', 2)));
      await rewriteAll(client);
      expect(await stored('secrets/default/plain')).to.contain(swordfish);
    });

    it('puts a changed file in force, and keeps the old one where the new one will not do', async () => {
      const client = await start(fileOf(['secrets'], provider('aesgcm', 'one', 1)));
      await create(client, 'a');
      await writeFile(path, 'resources: []');
      await clock.advance(10_000);
      await create(client, 'b');
      expect(await stored('secrets/default/b')).to.match(/^k8s:enc:aesgcm:v1:one:/);
      await writeFile(path, fileOf(['secrets'], provider('aesgcm', 'two', 2), provider('aesgcm', 'one', 1)));
      for (
        let round = 0;
        round < 100 && !(await stored('secrets/default/a')).startsWith('k8s:enc:aesgcm:v1:two');
        round++
      ) {
        await clock.advance(10_000);
        await rewriteAll(client);
      }
      expect(await stored('secrets/default/a')).to.match(/^k8s:enc:aesgcm:v1:two:/);
    });

    it('says why where no key opens a value; everybody else goes on', async () => {
      await create(await start(fileOf(['secrets'], provider('aesgcm', 'one', 1))), 's');
      const failure = async (client: Client) =>
        client.get(Secrets, { namespace: 'default', name: 's' }).then(() => 'read', textOfError);
      const wrongBytes = await start(fileOf(['secrets'], provider('aesgcm', 'one', 9), identity));
      expect(await failure(wrongBytes)).to.equal('Internal error occurred: cipher: message authentication failed');
      await wrongBytes.create(ConfigMaps, { metadata: { name: 'c', namespace: 'default' } });
      expect(await failure(await start(fileOf(['secrets'], provider('aesgcm', 'other', 1))))).to.equal(
        'Internal error occurred: no matching prefix found',
      );
      const without = await start();
      expect(await failure(without)).to.equal(
        'Internal error occurred: identity transformer tried to read encrypted data',
      );
      expect(await without.list(Secrets).then(() => 'listed', textOfError)).to.match(/encrypted data/);
      await without.create(ConfigMaps, { metadata: { name: 'd', namespace: 'default' } });
      expect((await without.list(ConfigMaps, { namespace: 'default' })).items.length).to.be.greaterThan(1);
    });

    it('binds a value to its key: one that was moved is refused', async () => {
      const client = await start(fileOf(['secrets'], provider('aesgcm', 'one', 1)));
      await create(client, 's');
      const { item } = await storage.get('/registry/secrets/default/s');
      await storage.commit({ key: '/registry/secrets/default/t', expected: 0, value: item?.value as Uint8Array });
      const answer = await client.get(Secrets, { namespace: 'default', name: 't' }).then(() => 'read', textOfError);
      expect(answer).to.match(/message authentication failed|not found/);
    });
  });
});
