import { isObject } from '@coracle/apimachinery/json';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import type { RegistryCredentials } from '../runtime/index.ts';
import { normalizeImageName, repositoryOf } from './image-name.ts';

interface KeyringEntry {
  readonly host: string;
  readonly path: string;
  readonly credentials: RegistryCredentials;
}

/** All credentials of the pod's secrets that fit this image, the most specific registry path first. */
export function credentialsFor(image: string, secrets: readonly Secret[]): RegistryCredentials[] {
  const repository = repositoryOf(normalizeImageName(image));
  const slash = repository.indexOf('/');
  const [host, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  return secrets
    .flatMap(entriesOf)
    .filter((entry) => hostFits(entry.host, host) && `${path}/`.startsWith(entry.path === '' ? '' : `${entry.path}/`))
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ credentials }) => credentials);
}

function entriesOf({ type, data = {} }: Secret): KeyringEntry[] {
  const isModern = type === 'kubernetes.io/dockerconfigjson';
  const text = isModern ? data['.dockerconfigjson'] : data['.dockercfg'];
  if (text === undefined) return [];
  const config = parse(text);
  const auths = isModern ? config['auths'] : config;
  if (!isObject(auths)) return [];
  return Object.entries(auths).flatMap(([server, value]) => (isObject(value) ? [toEntry(server, value)] : []));
}

function parse(base64: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    return isObject(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toEntry(server: string, value: Readonly<Record<string, unknown>>): KeyringEntry {
  const [host = '', ...path] = server.replace(/^https?:\/\//, '').split('/');
  const isDockerHub = ['index.docker.io', 'registry-1.docker.io'].includes(host);
  const folder = path.filter((part) => part !== '' && part !== 'v1' && part !== 'v2').join('/');
  return { host: isDockerHub ? 'docker.io' : host, path: folder, credentials: credentialsOf(value) };
}

function credentialsOf(value: Readonly<Record<string, unknown>>): RegistryCredentials {
  const text = (name: string) => (typeof value[name] === 'string' ? value[name] : undefined);
  const auth = text('auth');
  const [name, ...rest] = auth === undefined ? [] : Buffer.from(auth, 'base64').toString().split(':');
  const username = text('username') ?? name;
  const password = text('password') ?? (auth === undefined ? undefined : rest.join(':'));
  const identityToken = text('identitytoken');
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(identityToken !== undefined && { identityToken }),
  };
}

/** `*.example.com` stands for one label. */
function hostFits(pattern: string, host: string): boolean {
  const wanted = pattern.split('.');
  const given = host.split('.');
  return wanted.length === given.length && wanted.every((part, index) => part === '*' || part === given[index]);
}
