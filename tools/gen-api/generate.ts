#!/usr/bin/env node
/**
 * Writes the facts of the Kubernetes API, taken from the Go modules of the release, to apimachinery/src/generated.
 * `--check` compares instead of writing and fails where the committed files differ.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildDefinitions, type DefinitionLines } from './definitions.ts';
import { readDeclaredRules } from './declared-rules.ts';
import { readGroupVersions, readOpenApiSchemas } from './openapi.ts';
import { type ApiPackage, apiPackage, machineryPackages, servedFolders, supportingFolders } from './packages.ts';
import { readResources } from './resources.ts';
import { renderRefs, renderTypes, typeModule } from './typescript.ts';

const output = path.join(import.meta.dirname, '../../apimachinery/src/generated');

function render(): Map<string, string> {
  const packages = [
    ...machineryPackages(),
    ...servedFolders.map((folder) => apiPackage(folder)),
    ...supportingFolders.map((folder) => apiPackage(folder, false)),
  ];
  const definitions = buildDefinitions({ packages, schemas: readOpenApiSchemas() });
  const groups = readResources(packages.filter((api) => api.served));
  const files = new Map<string, string>();
  files.set('definitions.json', renderDefinitionTable(packages, definitions));
  files.set(
    'resources.json',
    renderLines(groups.flatMap(({ resources, ...rest }) => resources.map((row) => ({ ...rest, ...row })))),
  );
  const declared = readDeclaredRules(packages.filter((api) => api.served));
  files.set('declared-rules.json', renderDeclared(declared));
  files.set('refs.ts', renderRefs(groups));
  for (const api of packages) {
    if (api.name !== 'runtime') files.set(`types/${typeModule(api.name)}.ts`, renderTypes(api, definitions));
  }
  return files;
}

/** One definition a line, so that a difference between releases reads well. */
function renderDefinitionTable(
  packages: readonly ApiPackage[],
  definitions: ReadonlyMap<string, DefinitionLines>,
): string {
  const packageLines = packages.map(
    ({ name, prefix, group, version }) =>
      `${JSON.stringify(name)}:${JSON.stringify(group === undefined ? { prefix } : { prefix, group, version })}`,
  );
  const lines = [...definitions].map(
    ([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields.join('\n'))}`,
  );
  const groupVersions = JSON.stringify(readGroupVersions());
  return `{"packages":{\n${packageLines.join(',\n')}\n},"groupVersions":${groupVersions},\n"definitions":{\n${lines.join(',\n')}\n}}\n`;
}

/** One type a line. */
function renderDeclared(rules: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...rules].map(([name, rows]) => `${JSON.stringify(name)}:${JSON.stringify(rows.join('\n'))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function renderLines(rows: readonly unknown[]): string {
  return `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;
}

function write(files: ReadonlyMap<string, string>): void {
  rmSync(path.join(output, 'types'), { recursive: true, force: true });
  mkdirSync(path.join(output, 'types'), { recursive: true });
  for (const [name, text] of files) writeFileSync(path.join(output, name), text);
}

/** Made by `tools/gen-cel`. */
const othersFiles = ['cel-functions.json'];

function check(files: ReadonlyMap<string, string>): string[] {
  const present = (readdirSync(output, { recursive: true }) as string[]).filter((name) => /\.(ts|json)$/.test(name));
  const committed = present.filter((name) => !othersFiles.includes(name));
  const stale = committed.filter((name) => !files.has(name));
  const changed = [...files].filter(
    ([name, text]) => !committed.includes(name) || readFileSync(path.join(output, name), 'utf8') !== text,
  );
  return [...stale, ...changed.map(([name]) => name)];
}

const files = render();
if (process.argv.includes('--check')) {
  const different = check(files);
  if (different.length > 0) {
    process.stderr.write(
      `these files differ from upstream, run "node tools/gen-api/generate.ts": ${different.join(', ')}\n`,
    );
    process.exitCode = 1;
  }
} else {
  write(files);
}
