import { dirname, isAbsolute, join, resolve } from 'node:path';
import { readKubeconfigFile } from './kubeconfig-file.ts';
import type { Kubeconfig } from './kubeconfig.ts';

/**
 * The files to read, the most important first: the one named on the command line alone, else those of `$KUBECONFIG`
 * (separated by colons), else `~/.kube/config`.
 */
export function kubeconfigPaths(environment: {
  readonly explicit?: string | undefined;
  readonly KUBECONFIG?: string | undefined;
  readonly HOME?: string | undefined;
}): readonly string[] {
  if (environment.explicit) return [environment.explicit];
  const listed = (environment.KUBECONFIG ?? '').split(':').filter((path) => path !== '');
  if (listed.length > 0) return [...new Set(listed)];
  if (!environment.HOME) throw new Error('there is no kubeconfig to use: set KUBECONFIG or HOME');
  return [join(environment.HOME, '.kube', 'config')];
}

/** All files merged as client-go merges them; those that do not exist count as empty. Relative paths become absolute. */
export async function loadKubeconfig(paths: readonly string[]): Promise<Kubeconfig> {
  const configs: Kubeconfig[] = [];
  for (const path of paths) {
    const config = await readKubeconfigFile(path);
    if (config) configs.push(withAbsolutePaths(config, dirname(resolve(path))));
  }
  return mergeKubeconfigs(configs);
}

/** The first to name a cluster, user, context, or the current context, has it (client-go loader.go). */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const currentContext = configs.map((config) => config['current-context']).find(Boolean);
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: firstOfEachName(configs.flatMap((config) => config.clusters ?? [])),
    contexts: firstOfEachName(configs.flatMap((config) => config.contexts ?? [])),
    users: firstOfEachName(configs.flatMap((config) => config.users ?? [])),
    ...(currentContext === undefined ? {} : { 'current-context': currentContext }),
  };
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const entry of entries) {
    if (!byName.has(entry.name)) byName.set(entry.name, entry);
  }
  return [...byName.values()];
}

function withAbsolutePaths(config: Kubeconfig, folder: string): Kubeconfig {
  return {
    ...config,
    clusters: (config.clusters ?? []).map((entry) => ({
      ...entry,
      cluster: resolveFields(entry.cluster ?? {}, ['certificate-authority'], folder),
    })),
    users: (config.users ?? []).map((entry) => ({
      ...entry,
      user: resolveFields(entry.user ?? {}, ['client-certificate', 'client-key', 'tokenFile'], folder),
    })),
  };
}

function resolveFields<T extends Record<string, unknown>>(values: T, fields: readonly string[], folder: string): T {
  const resolved: Record<string, unknown> = { ...values };
  for (const field of fields) {
    const path = resolved[field];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) resolved[field] = join(folder, path);
  }
  return resolved as T;
}
