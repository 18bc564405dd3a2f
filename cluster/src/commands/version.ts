import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { print } from '../output.ts';

export const kubernetesVersion = 'v1.37.2';

/** `coracle version`: this program's and the Kubernetes API's that it serves. */
export function version(json: boolean): void {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  print(json, { coracle: manifest.version, kubernetes: kubernetesVersion, node: process.version }, [
    `coracle ${manifest.version} (Kubernetes ${kubernetesVersion}, Node ${process.version})`,
  ]);
}
