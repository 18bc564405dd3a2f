import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** The upstream release the facts come from; staging modules follow as v0.x. */
const kubernetesVersion = '1.37.2';

/** One Go package whose types become definitions. */
export interface ApiPackage {
  /** Short name used in the generated table: `core.v1`. */
  readonly name: string;
  /** OpenAPI name prefix: `io.k8s.api.core.v1`. */
  readonly prefix: string;
  /** Undefined for packages that belong to no group of their own. */
  readonly group: string | undefined;
  readonly version: string;
  readonly importPath: string;
  readonly folder: string;
  /** False for packages of which only what others refer to is wanted. */
  readonly served: boolean;
}

/** Folder of a Go module in the module cache; gets it where there is Go to do so, says how where there is none. */
export function moduleFolder(name: string): string {
  const root = process.env['GOMODCACHE'] ?? path.join(homedir(), 'go/pkg/mod');
  const version = name === 'kubernetes' ? kubernetesVersion : kubernetesVersion.replace(/^1/, '0');
  const folder = path.join(root, `k8s.io/${name}@v${version}`);
  const module = `k8s.io/${name}@v${version}`;
  if (!existsSync(folder)) download(module);
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run "go mod download ${module}" or set GOMODCACHE`);
  return folder;
}

function download(module: string): void {
  try {
    // Outside of any module, so that none is changed.
    execFileSync('go', ['mod', 'download', module], { cwd: tmpdir(), stdio: 'ignore' });
  } catch {
    // No Go, or no way to the proxy: the caller sees that the folder is still missing.
  }
}

/** Groups of k8s.io/api by folder. */
const groupOfFolder: Readonly<Record<string, string>> = {
  admission: 'admission.k8s.io',
  admissionregistration: 'admissionregistration.k8s.io',
  apidiscovery: 'apidiscovery.k8s.io',
  apiserverinternal: 'internal.apiserver.k8s.io',
  apps: 'apps',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  autoscaling: 'autoscaling',
  batch: 'batch',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  core: '',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  extensions: 'extensions',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  imagepolicy: 'imagepolicy.k8s.io',
  lifecycle: 'lifecycle.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  policy: 'policy',
  rbac: 'rbac.authorization.k8s.io',
  resource: 'resource.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
  storagemigration: 'storagemigration.k8s.io',
};

/** Group versions of k8s.io/api that a 1.37 server speaks without extra flags. */
export const servedFolders: readonly string[] = [
  'core/v1',
  'admission/v1',
  'admissionregistration/v1',
  'apidiscovery/v2',
  'apps/v1',
  'authentication/v1',
  'authorization/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'certificates/v1',
  'coordination/v1',
  'discovery/v1',
  'events/v1',
  'flowcontrol/v1',
  'networking/v1',
  'node/v1',
  'policy/v1',
  'rbac/v1',
  'resource/v1',
  'scheduling/v1',
  'storage/v1',
  'storagemigration/v1',
];

/** Group versions that are off by default, but lend types to served ones or are the stored form of their kinds. */
export const supportingFolders: readonly string[] = [
  'scheduling/v1alpha3',
  'certificates/v1beta1',
  'resource/v1beta2',
  'storagemigration/v1beta1',
];

/** Kinds that upstream keeps in a version which is off by default: they are read from a store, never served. */
export const storedKinds: readonly string[] = [
  'apiextensions.v1beta1.CustomResourceDefinition',
  'certificates.v1beta1.ClusterTrustBundle',
  'certificates.v1beta1.PodCertificateRequest',
  'resource.v1beta2.DeviceTaintRule',
  'storagemigration.v1beta1.StorageVersionMigration',
];

/** A package of k8s.io/api by its folder, `apps/v1`. */
export function apiPackage(folder: string, served = true): ApiPackage {
  const [area, version] = folder.split('/') as [string, string];
  const group = groupOfFolder[area];
  if (group === undefined) throw new Error(`k8s.io/api/${area} is a new group: add it to groupOfFolder`);
  return {
    name: `${area}.${version}`,
    prefix: `io.k8s.api.${area}.${version}`,
    group,
    version,
    importPath: `k8s.io/api/${folder}`,
    folder: path.join(moduleFolder('api'), folder),
    served,
  };
}

/** Types outside k8s.io/api: metadata, custom resource definitions, API services. */
export function machineryPackages(): readonly ApiPackage[] {
  const rows = [
    ['meta.v1', 'apimachinery', 'pkg/apis/meta/v1', 'io.k8s.apimachinery.pkg.apis.meta.v1', undefined],
    ['runtime', 'apimachinery', 'pkg/runtime', 'io.k8s.apimachinery.pkg.runtime', undefined],
    ['version', 'apimachinery', 'pkg/version', 'io.k8s.apimachinery.pkg.version', undefined],
    [
      'apiextensions.v1',
      'apiextensions-apiserver',
      'pkg/apis/apiextensions/v1',
      'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
      'apiextensions.k8s.io',
    ],
    [
      'apiextensions.v1beta1',
      'apiextensions-apiserver',
      'pkg/apis/apiextensions/v1beta1',
      'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1',
      'apiextensions.k8s.io',
    ],
    [
      'apiregistration.v1',
      'kube-aggregator',
      'pkg/apis/apiregistration/v1',
      'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
      'apiregistration.k8s.io',
    ],
  ] as const;
  return rows.map(([name, module, folder, prefix, group]) => ({
    name,
    prefix,
    group,
    version: name.slice(name.indexOf('.') + 1),
    importPath: `k8s.io/${module}/${folder}`,
    folder: path.join(moduleFolder(module), folder),
    served: name !== 'runtime' && name !== 'apiextensions.v1beta1',
  }));
}
