import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { print } from '../output.ts';

export const kubernetesVersion = 'v1.37.2';

/** `coracle version`: this program's and the Kubernetes API's that it serves. */
export function version(json: boolean): void {
  print(json, { coracle: programVersion(), kubernetes: kubernetesVersion, node: process.version }, [versionLine()]);
}

/** The same for `coracle --version`. */
export function versionLine(): string {
  return `coracle ${programVersion()} (Kubernetes ${kubernetesVersion}, Node ${process.version})`;
}

function programVersion(): string {
  const manifest = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
