import type { Secret } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { normalizeImageName } from './image-name.ts';
import { credentialsFor } from './pull-secrets.ts';

describe('normalizeImageName', () => {
  for (const [image, name] of [
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['team/app', 'docker.io/team/app:latest'],
    ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause:3.9'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['quay.io/a/b@sha256:0123', 'quay.io/a/b@sha256:0123'],
  ] as const) {
    it(`${image} → ${name}`, () => expect(normalizeImageName(image)).to.equal(name));
  }
  for (const image of ['', '-x', 'Upper/CASE', 'a b']) {
    it(`refuses "${image}"`, () => expect(() => normalizeImageName(image)).to.throw('invalid reference format'));
  }
});

describe('credentialsFor', () => {
  const config = (auths: object): Secret => ({
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  });
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

  it('prefers the longer path', () => {
    const secret = config({ 'r.example.com': auth('all:1'), 'https://r.example.com/v2/team': auth('team:2') });
    expect(credentialsFor('r.example.com/team/app:1', [secret])).to.deep.equal([
      { username: 'team', password: '2' },
      { username: 'all', password: '1' },
    ]);
    expect(credentialsFor('r.example.com/teamster/app', [secret])).to.deep.equal([{ username: 'all', password: '1' }]);
  });

  it("knows Docker's old names", () => {
    const secret = config({ 'https://index.docker.io/v1/': auth('me:pw:with:colons') });
    expect(credentialsFor('busybox', [secret])).to.deep.equal([{ username: 'me', password: 'pw:with:colons' }]);
  });

  it('lets a star stand for one label', () => {
    const secret = config({ '*.example.com': { username: 'u', password: 'p' } });
    expect(credentialsFor('a.example.com/x', [secret])).to.have.length(1);
    expect(credentialsFor('a.b.example.com/x', [secret])).to.have.length(0);
  });

  it('ignores what cannot be read', () => {
    expect(
      credentialsFor('busybox', [{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': '!' } }]),
    ).to.deep.equal([]);
  });
});
