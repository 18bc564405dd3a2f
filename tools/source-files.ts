import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export const packages = [
  'apimachinery',
  'client',
  'apiserver',
  'scheduler',
  'controllers',
  'kubelet-shim',
  'cluster',
  'e2e',
] as const;

export const repositoryRoot = join(import.meta.dirname, '..');

/** Every hand-written TypeScript file of the repository. */
export function readSourceFiles(): SourceFile[] {
  return [...packages, 'tools'].flatMap((folder) => walk(join(repositoryRoot, folder)));
}

function walk(folder: string): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', 'generated', 'testdata'].includes(entry.name) ? [] : walk(path);
    if (!entry.name.endsWith('.ts')) return [];
    return [{ path: relative(repositoryRoot, path), text: readFileSync(path, 'utf8') }];
  });
}
