/**
 * Who may import whom (ARCHITECTURE.md, "Direction"). `node tools/check-deps.ts` prints a line a breach and exits 1 when
 * there is one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, readSourceFiles, repositoryRoot, type SourceFile } from './source-files.ts';

const mayImport: Record<string, readonly string[]> = {
  apimachinery: [],
  client: ['apimachinery'],
  apiserver: ['apimachinery'],
  scheduler: ['apimachinery', 'client'],
  controllers: ['apimachinery', 'client'],
  'kubelet-shim': ['apimachinery', 'client'],
  cluster: ['apimachinery', 'client', 'apiserver', 'scheduler', 'controllers', 'kubelet-shim'],
  e2e: packages,
};

/** Third-party packages that belong to one folder; types of theirs stop there. */
const owners: Record<string, RegExp> = {
  koa: /^apiserver\/src\/http\//,
  ws: /^(client\/src\/transport|kubelet-shim\/src\/streaming|kubelet-shim\/src\/server)\//,
  etcd3: /^apiserver\/src\/storage\/etcd\//,
  'node:sqlite': /^apiserver\/src\/storage\/embedded\//,
  'sorted-btree': /^apiserver\/src\/storage\//,
  '@grpc/grpc-js': /^(kubelet-shim\/src\/(runtime|probes)|apiserver\/src\/storage\/etcd)\//,
  '@grpc/proto-loader': /^(kubelet-shim\/src\/(runtime|probes)|apiserver\/src\/storage\/etcd)\//,
  '@noble/ciphers': /^apiserver\/src\/storage\/encryption\//,
  rfc6902: /^apimachinery\/src\/patch\//,
  '@peculiar/x509': /^(cluster\/src\/pki|apiserver\/src\/auth)\//,
  commander: /^cluster\/src\//,
};

/** The breaches of one file, as `path: message`. `dependencies` are those its package.json names. */
export function checkImports({ path, text }: SourceFile, dependencies: ReadonlySet<string>): string[] {
  const own = path.slice(0, path.indexOf('/'));
  const isTest = /\.test\.ts$|\/testing\/|\/bench\//.test(path);
  const breaches: string[] = [];
  for (const specifier of importsOf(text)) {
    const breach = checkImport(path, own, isTest, specifier, dependencies);
    if (breach !== undefined) breaches.push(`${path}: imports ${specifier}: ${breach}`);
  }
  return breaches;
}

function checkImport(path: string, own: string, isTest: boolean, specifier: string, dependencies: ReadonlySet<string>) {
  if (specifier.startsWith('.')) return undefined;
  const name = packageOf(specifier);
  if (name.startsWith('@coracle/')) {
    const target = name.slice('@coracle/'.length);
    if (target === own) return 'inside a package imports are relative';
    // Programs that generate a package's tables may test them with that package.
    if (isTest && own === 'tools') return undefined;
    if (isTest && (target === 'client' || specifier.endsWith('/testing'))) return undefined;
    return mayImport[own]?.includes(target) ? undefined : `${own} must not know ${target}`;
  }
  if (name.startsWith('node:') && own === 'apimachinery' && !isTest)
    return 'apimachinery runs anywhere, without node: modules';
  const owner = owners[name];
  if (owner !== undefined && !isTest && own !== 'tools' && own !== 'e2e' && !owner.test(path))
    return `it belongs to ${owner.source}`;
  if (name.startsWith('node:') || isTest || own === 'tools') return undefined;
  return dependencies.has(name) ? undefined : 'package.json does not name it';
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Specifiers of static and dynamic imports and re-exports. */
function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

if (import.meta.main) {
  const dependencies = new Map(packages.map((name) => [name as string, dependenciesOf(name)]));
  const breaches = readSourceFiles().flatMap((file) =>
    checkImports(file, dependencies.get(file.path.slice(0, file.path.indexOf('/'))) ?? new Set()),
  );
  for (const breach of breaches) console.log(breach);
  process.exit(breaches.length > 0 ? 1 : 0);
}

function dependenciesOf(name: string): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, name, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}
