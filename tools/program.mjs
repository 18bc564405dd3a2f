// The command line and everything behind it, bundled into a few files: a program of 1,200 modules takes 0.3 s longer to load
// one by one, and 35 MiB more. Made when a source file has changed since; plain JavaScript, as the door of a clone needs it
// under any Node from 20.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const entry = 'cluster/src/cli.ts';
/** A cluster that runs may still load a part of the bundle it came from: the newest stay, and those started of late. */
const bundlesKept = 5;
const keptMs = 7 * 24 * 60 * 60 * 1000;

/**
 * The file to run for `coracle`, bundled where that can be done. `say` is told where it cannot: the sources run as well.
 *
 * @param {string} root
 * @param {(problem: string) => void} say
 * @returns {Promise<string>}
 */
export async function programEntry(root, say) {
  const bundles = join(root, 'node_modules/.cache/program');
  const sources = sourceFolders(root);
  const bundle = join(bundles, digestOf(root, sources));
  const file = join(bundle, 'cli.js');
  if (existsSync(file)) {
    noteStart(bundle);
    return file;
  }
  let making = '';
  try {
    mkdirSync(bundles, { recursive: true });
    making = mkdtempSync(`${bundle}.`);
    await makeBundle(root, sources, making);
    moveTo(making, bundle);
    forgetOldest(bundles);
    return file;
  } catch (error) {
    if (making !== '') rmSync(making, { recursive: true, force: true });
    say(`the program could not be bundled, which makes its start slower: ${error.message}`);
    return join(root, entry);
  }
}

async function makeBundle(root, sources, directory) {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, entry)],
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    logLevel: 'silent',
    plugins: [otherPackages(root), ownPlaces(sources)],
  });
}

/** Packages of others stay where they are, but for those of which a package of ours has a version of its own. */
function otherPackages(root) {
  return {
    name: 'other-packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === 'entry-point' || path.startsWith('@coracle/')) return undefined;
        const [owner] = relative(root, importer).split(sep);
        const name = path.startsWith('@') ? path.split('/', 2).join('/') : path.split('/', 1)[0];
        const isOwn = existsSync(join(root, owner, 'node_modules', name));
        return isOwn || path.startsWith('node:') ? undefined : { path, external: true };
      });
    },
  };
}

/** Files beside a source file are found where they are, and not beside the bundle. */
function ownPlaces(sources) {
  const place = /import\.meta\.(url|dirname)/g;
  return {
    name: 'own-places',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!sources.some((folder) => path.startsWith(folder))) return undefined;
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta.')) return undefined;
        const places = { url: pathToFileURL(path).href, dirname: dirname(path) };
        return { contents: text.replace(place, (_, what) => JSON.stringify(places[what])), loader: 'ts' };
      });
    },
  };
}

/** Of the packages that have one: e2e has none. */
function sourceFolders(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces.map((name) => join(root, name, 'src')).filter((folder) => existsSync(folder));
}

/** Names the state of everything that goes into the bundle, by size and time as make does. */
function digestOf(root, sources) {
  const hash = createHash('sha256').update(root);
  const note = (file) => {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  };
  note(join(root, 'package-lock.json'));
  note(join(root, 'tools/program.mjs'));
  for (const folder of sources) {
    for (const file of filesBelow(folder)) if (!file.endsWith('.test.ts')) note(file);
  }
  return hash.digest('hex').slice(0, 16);
}

function* filesBelow(directory) {
  for (const child of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, child.name);
    if (child.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** Two may have made the same one at once. */
function moveTo(making, bundle) {
  try {
    renameSync(making, bundle);
  } catch (error) {
    if (!existsSync(bundle)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
}

function noteStart(bundle) {
  const now = new Date();
  try {
    utimesSync(bundle, now, now);
  } catch {
    // Of somebody else's clone: whoever owns it notes their own starts.
  }
}

function forgetOldest(bundles) {
  const all = readdirSync(bundles).map((name) => ({ name, startedAt: startOf(join(bundles, name)) }));
  all.sort((left, right) => right.startedAt - left.startedAt);
  for (const { name, startedAt } of all.slice(bundlesKept)) {
    if (Date.now() - startedAt > keptMs) rmSync(join(bundles, name), { recursive: true, force: true });
  }
}

/** Milliseconds since 1970; of one that another process has just moved or removed: now. */
function startOf(bundle) {
  return statSync(bundle, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
}
