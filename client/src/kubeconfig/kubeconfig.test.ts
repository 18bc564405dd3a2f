import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { addToKubeconfig, removeFromKubeconfig } from './change-kubeconfig.ts';
import { connectionOf } from './connection.ts';
import { kubeconfigPaths, loadKubeconfig } from './load-kubeconfig.ts';

const entry = (name: string, server = 'https://127.0.0.1:6443') => ({
  name,
  cluster: { server },
  user: { token: 't' },
});

const other = `apiVersion: v1
kind: Config
current-context: work
clusters: [{name: work, cluster: {server: https://work, certificate-authority: ca.pem}}]
contexts: [{name: work, context: {cluster: work, user: work}}]
users: [{name: work, user: {token: secret, tokenFile: token, client-key: keys/key.pem}}]
something: kept
`;

describe('kubeconfig', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    path = join(folder, 'config');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads the file of the command line, else those of KUBECONFIG, else that of the home folder', () => {
    expect(kubeconfigPaths({ explicit: 'x', KUBECONFIG: 'a', HOME: '/h' })).to.deep.equal(['x']);
    expect(kubeconfigPaths({ KUBECONFIG: 'a::b:a', HOME: '/h' })).to.deep.equal(['a', 'b']);
    expect(kubeconfigPaths({ KUBECONFIG: '', HOME: '/h' })).to.deep.equal(['/h/.kube/config']);
  });

  it('gives each name to the first file that has it, and makes paths absolute', async () => {
    const second = join(folder, 'second');
    await writeFile(path, other);
    await writeFile(
      second,
      other.replaceAll('https://work', 'https://late').replace('current-context: work', 'current-context: b'),
    );
    const merged = await loadKubeconfig([join(folder, 'missing'), path, second]);
    expect(merged['current-context']).to.equal('work');
    expect(merged.clusters).to.deep.equal([
      { name: 'work', cluster: { server: 'https://work', 'certificate-authority': join(folder, 'ca.pem') } },
    ]);
    expect(merged.users?.[0]?.user['client-key']).to.equal(join(folder, 'keys/key.pem'));
  });

  it('adds a cluster to a new file that only its owner may read, and leaves no lock', async () => {
    await addToKubeconfig([path], entry('dev'));
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await loadKubeconfig([path]))['current-context']).to.equal('dev');
    expect(await stat(`${path}.lock`).catch(() => 'gone')).to.equal('gone');
  });

  it('goes back to the context that was current before, even after being added twice', async () => {
    await writeFile(path, other);
    await addToKubeconfig([path], entry('dev'));
    const again = await addToKubeconfig([path], entry('dev', 'https://127.0.0.1:7000'));
    expect(again.previousContext).to.equal('work');
    const during = await loadKubeconfig([path]);
    expect(during['current-context']).to.equal('dev');
    expect(during.clusters?.map(({ name, cluster }) => [name, cluster.server])).to.deep.equal([
      ['work', 'https://work'],
      ['dev', 'https://127.0.0.1:7000'],
    ]);
    await removeFromKubeconfig([path], 'dev');
    const after = await loadKubeconfig([path]);
    expect(after['current-context']).to.equal('work');
    expect(after.contexts?.map(({ name }) => name)).to.deep.equal(['work']);
    expect(await readFile(path, 'utf8')).to.contain('something: kept');
  });

  it('leaves the current context alone where the user has moved on', async () => {
    await writeFile(path, other);
    await addToKubeconfig([path], entry('dev'));
    await writeFile(path, (await readFile(path, 'utf8')).replace('current-context: dev', 'current-context: work'));
    await removeFromKubeconfig([path], 'dev');
    expect((await loadKubeconfig([path]))['current-context']).to.equal('work');
  });

  it('writes into the first of several files that exists, and follows a link', async () => {
    const missing = join(folder, 'missing');
    const link = join(folder, 'link');
    await writeFile(path, other);
    await symlink(path, link);
    expect((await addToKubeconfig([missing, link], entry('dev'))).path).to.equal(link);
    expect(await readFile(path, 'utf8')).to.contain('dev');
    expect(await stat(missing).catch(() => 'gone')).to.equal('gone');
  });

  it('says who to ask where the file is locked or broken', async () => {
    const clock = createVirtualClock();
    await writeFile(`${path}.lock`, '');
    let said = '';
    addToKubeconfig([path], entry('dev'), { clock }).catch((error: Error) => {
      said = error.message;
    });
    // A look at the file may take long on a busy machine: time goes on only when somebody waits for it.
    while (said === '') {
      await waitUntil(() => said !== '' || clock.pendingTimers > 0);
      await clock.advance(100);
    }
    expect(said).to.contain(`${path}.lock is held by another program`);
    await rm(`${path}.lock`);
    await writeFile(path, 'just words');
    expect(await loadKubeconfig([path]).catch((error: Error) => error.message)).to.contain(
      `${path} is not a kubeconfig`,
    );
  });

  it('turns a context into what a transport needs', async () => {
    await writeFile(path, other);
    await writeFile(join(folder, 'ca.pem'), 'authority');
    await writeFile(join(folder, 'token'), 'unused');
    const config = await loadKubeconfig([path]);
    const withoutKey = {
      ...config,
      users: [
        { name: 'work', user: { token: 'secret', as: 'someone', 'as-groups': ['g'], 'as-user-extra': { k: ['v'] } } },
      ],
    };
    expect(await connectionOf(withoutKey)).to.deep.equal({
      server: 'https://work',
      certificateAuthority: 'authority',
      token: 'secret',
      impersonate: { user: 'someone', groups: ['g'], extra: { k: ['v'] } },
    });
    const missing = await connectionOf(config, 'nope').catch((error: Error) => error.message);
    expect(missing).to.equal('the kubeconfig has no context nope; there are: work');
  });
});

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
