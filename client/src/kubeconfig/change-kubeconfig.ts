import { type Clock, systemClock } from '@coracle/apimachinery/clock';
import type { Kubeconfig, KubeconfigCluster, KubeconfigContext, KubeconfigUser } from './kubeconfig.ts';
import { readKubeconfigFile, withLocks, writeKubeconfigFile } from './kubeconfig-file.ts';

/** A cluster, a user and a context, all three under one name. */
export interface KubeconfigEntry {
  readonly name: string;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  readonly namespace?: string;
}

export interface AddedEntry {
  /** The file that got the entry. */
  readonly path: string;
  /** What was the current context before, if any. */
  readonly previousContext?: string;
}

/** Name of the context extension that remembers which context was current before ours. */
const extensionName = 'coracle.dev/previous-context';

interface LoadedFile {
  readonly path: string;
  readonly config: Kubeconfig | undefined;
}

/** Throws what `addToKubeconfig` would, for those who have much to do before they have an entry to add. */
export async function checkKubeconfig(
  paths: readonly string[],
  options: { readonly clock?: Clock } = {},
): Promise<void> {
  await withLocks(paths, options.clock ?? systemClock, () => readAll(paths));
}

/**
 * Writes the entry, in place of those of the same name wherever in `paths` they are, and makes it current unless told not
 * to. New entries go where kubectl puts them: the first file of `paths` that exists, else the last.
 */
export async function addToKubeconfig(
  paths: readonly string[],
  entry: KubeconfigEntry,
  options: { readonly makeCurrent?: boolean; readonly clock?: Clock } = {},
): Promise<AddedEntry> {
  return withLocks(paths, options.clock ?? systemClock, async () => {
    const files = await readAll(paths);
    const target = files.find(({ config }) => config !== undefined) ?? lastOf(files);
    const current = files.find(({ config }) => config?.['current-context']);
    const previousContext = previousOf(files, current?.config?.['current-context'], entry.name);
    for (const file of files) {
      const cleaned = file.config ? without(file.config, entry.name) : undefined;
      let changed = file === target ? withEntry(cleaned ?? {}, entry, previousContext) : cleaned;
      if (changed && options.makeCurrent !== false && file === (current ?? target)) {
        changed = { ...changed, 'current-context': entry.name };
      }
      if (changed && changed !== file.config) await writeKubeconfigFile(file.path, changed);
    }
    return { path: target.path, ...(previousContext === undefined ? {} : { previousContext }) };
  });
}

/** Removes what `addToKubeconfig` wrote; the context that was current before is so again, where it still exists. */
export async function removeFromKubeconfig(
  paths: readonly string[],
  name: string,
  options: { readonly clock?: Clock } = {},
): Promise<void> {
  await withLocks(paths, options.clock ?? systemClock, async () => {
    const files = await readAll(paths);
    const remembered = previousOf(files, name, name);
    const known = files.some(({ config }) => config?.contexts?.some((context) => context.name === remembered));
    for (const { path, config } of files) {
      if (!config) continue;
      let changed = without(config, name);
      if (changed['current-context'] === name) {
        changed = { ...changed, 'current-context': remembered !== undefined && known ? remembered : '' };
      }
      if (changed !== config) await writeKubeconfigFile(path, changed);
    }
  });
}

async function readAll(paths: readonly string[]): Promise<readonly LoadedFile[]> {
  const files: LoadedFile[] = [];
  for (const path of paths) files.push({ path, config: await readKubeconfigFile(path) });
  return files;
}

function lastOf(files: readonly LoadedFile[]): LoadedFile {
  const last = files.at(-1);
  if (!last) throw new Error('no kubeconfig file was named');
  return last;
}

/** The context to go back to: the current one, or where that is our own the one it remembers. */
function previousOf(files: readonly LoadedFile[], current: string | undefined, own: string): string | undefined {
  if (current !== own) return current;
  for (const { config } of files) {
    const context = config?.contexts?.find((candidate) => candidate.name === own);
    const extension = context?.context.extensions?.find((candidate) => candidate.name === extensionName)?.extension;
    if (isRemembered(extension)) return extension.context;
  }
  return undefined;
}

function isRemembered(value: unknown): value is { context: string } {
  return typeof value === 'object' && value !== null && 'context' in value && typeof value.context === 'string';
}

function without(config: Kubeconfig, name: string): Kubeconfig {
  const isNamed = (entry: { readonly name: string }) => entry.name === name;
  const lists = [config.clusters, config.contexts, config.users];
  if (!lists.some((list) => list?.some(isNamed))) return config;
  return {
    ...config,
    clusters: (config.clusters ?? []).filter((entry) => !isNamed(entry)),
    contexts: (config.contexts ?? []).filter((entry) => !isNamed(entry)),
    users: (config.users ?? []).filter((entry) => !isNamed(entry)),
  };
}

function withEntry(config: Kubeconfig, entry: KubeconfigEntry, previousContext: string | undefined): Kubeconfig {
  const { name, cluster, user, namespace } = entry;
  const context: KubeconfigContext = {
    cluster: name,
    user: name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(previousContext === undefined
      ? {}
      : { extensions: [{ name: extensionName, extension: { context: previousContext } }] }),
  };
  return {
    ...config,
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [...(config.clusters ?? []), { name, cluster }],
    contexts: [...(config.contexts ?? []), { name, context }],
    users: [...(config.users ?? []), { name, user }],
  };
}
