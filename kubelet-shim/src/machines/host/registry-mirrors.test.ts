import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostsToml, loopbackPorts, writeRegistryMirrors } from './registry-mirrors.ts';

describe('registry mirrors', () => {
  const settings = (...endpoints: string[]) =>
    hostsToml({ registry: 'docker.io', endpoints }, '10.0.0.1')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());

  it('names the endpoints in their order', () => {
    expect(settings('http://mirror.example:5000', 'https://second.example')).to.deep.equal([
      '[host."http://mirror.example:5000"]',
      'capabilities = ["pull", "resolve"]',
      '[host."https://second.example"]',
      'capabilities = ["pull", "resolve"]',
    ]);
  });

  it('leads a mirror on loopback over the gateway, as each machine has a loopback of its own', () => {
    expect(settings('http://localhost:5000')[0]).to.equal('[host."http://10.0.0.1:5000"]');
    const ports = loopbackPorts([
      { registry: 'a', endpoints: ['http://127.0.0.1:5000', 'https://localhost'] },
      { registry: 'b', endpoints: ['http://localhost:5000/', 'http://elsewhere:5001'] },
    ]);
    expect(ports).to.deep.equal([5000, 443]);
  });

  it('takes a path as the place of the API', () => {
    expect(settings('https://harbor.example/v2/hub/')).to.deep.equal([
      '[host."https://harbor.example/v2/hub"]',
      'capabilities = ["pull", "resolve"]',
      'override_path = true',
    ]);
  });

  it('replaces what an earlier start wrote and leaves files of others alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'registries-'));
    try {
      await mkdir(join(folder, 'own.example'));
      await writeFile(join(folder, 'own.example/hosts.toml'), 'server = "https://own.example"\n');
      await writeRegistryMirrors(folder, [{ registry: 'docker.io', endpoints: ['http://a'] }], '10.0.0.1');
      await writeRegistryMirrors(folder, [{ registry: '*', endpoints: ['http://b'] }], '10.0.0.1');
      expect((await readdir(folder)).sort()).to.deep.equal(['_default', 'own.example']);
      expect(await readFile(join(folder, '_default/hosts.toml'), 'utf8')).to.contain('[host."http://b"]');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
