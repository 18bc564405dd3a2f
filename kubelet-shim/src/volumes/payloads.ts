import type {
  ConfigMap,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  PodCertificateProjection,
  ProjectedVolumeSource,
  Secret,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '@coracle/apimachinery/types/core-v1';
import { findContainer } from '../pods/environment-variables.ts';
import { metadataField, resourceField } from '../pods/field-path.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';

/** Where the content of volumes comes from. */
export interface PayloadSources {
  readonly pod: Pod;
  readonly configMap: (name: string) => Promise<ConfigMap | undefined>;
  readonly secret: (name: string) => Promise<Secret | undefined>;
  readonly token: (request: ServiceAccountTokenProjection) => Promise<string>;
  /** `place` tells the projections of a pod apart. */
  readonly certificate: (source: PodCertificateProjection, place: string) => Promise<{ key: string; chain: string }>;
  readonly trustBundle: (source: NonNullable<VolumeProjection['clusterTrustBundle']>) => Promise<string>;
  readonly allocatable: Readonly<Record<string, string>>;
  /** The one user that all containers run as, where there is one: tokens are theirs alone. */
  readonly fsUser?: number | undefined;
  readonly fsGroup?: number | undefined;
}

type Files = Map<string, PayloadFile>;

const defaultFileMode = 0o644;
const secretFileMode = 0o600;

export async function configMapPayload(source: ConfigMapVolumeSource, sources: PayloadSources): Promise<Payload> {
  const { name = '', items, optional = false, defaultMode = defaultFileMode } = source;
  const found = await sources.configMap(name);
  if (!found && !optional) throw new Error(`configmap "${name}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return pick(data, items, { optional, mode: defaultMode, kind: 'configmap' });
}

export async function secretPayload(
  source: Omit<SecretVolumeSource, 'secretName'> & { readonly name: string },
  sources: PayloadSources,
): Promise<Payload> {
  const { name, items, optional = false, defaultMode = defaultFileMode } = source;
  const found = await sources.secret(name);
  if (!found && !optional) throw new Error(`secret "${name}" not found`);
  const entries = Object.entries(found?.data ?? {});
  const data = new Map(entries.map(([key, value]): [string, Uint8Array] => [key, Buffer.from(value, 'base64')]));
  return pick(data, items, { optional, mode: defaultMode, kind: 'secret' });
}

interface PickOptions {
  readonly optional: boolean;
  readonly mode: number;
  readonly kind: string;
}

function pick(
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  { optional, mode, kind }: PickOptions,
): Payload {
  if (!items || items.length === 0) return new Map([...data].map(([key, value]) => [key, { data: value, mode }]));
  const files: Files = new Map();
  for (const item of items) {
    const value = data.get(item.key);
    if (value) files.set(item.path, { data: value, mode: item.mode ?? mode, user: item.user });
    else if (!optional)
      throw new Error(
        `${kind === 'secret' ? '' : `${kind} `}references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${item.key}`,
      );
  }
  return files;
}

export function downwardPayload(
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  { pod, allocatable }: PayloadSources,
): Payload {
  const files: Files = new Map();
  for (const { path, fieldRef, resourceFieldRef, mode: own, user } of items) {
    const text = fieldRef
      ? metadataField(pod, fieldRef.fieldPath)
      : resourceFieldRef
        ? resourceField(findContainer(pod, resourceFieldRef.containerName ?? ''), resourceFieldRef, allocatable)
        : '';
    files.set(path, { data: Buffer.from(text), mode: own ?? mode, user });
  }
  return files;
}

/** All sources into one folder; what is missing of any of them is named together. */
export async function projectedPayload(
  source: ProjectedVolumeSource,
  sources: PayloadSources,
  volumeName = '',
): Promise<Payload> {
  const mode = source.defaultMode ?? defaultFileMode;
  const files: Files = new Map();
  const problems: string[] = [];
  for (const [index, projection] of (source.sources ?? []).entries()) {
    try {
      const payload = await projectionPayload(projection, mode, sources, `${volumeName}/${index}`);
      for (const [path, file] of payload) files.set(path, file);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
  return files;
}

async function projectionPayload(
  projection: VolumeProjection,
  mode: number,
  sources: PayloadSources,
  place: string,
): Promise<Payload> {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  if (configMap) return configMapPayload({ ...configMap, defaultMode: mode }, sources);
  if (secret) return secretPayload({ ...secret, name: secret.name ?? '', defaultMode: mode }, sources);
  if (downwardAPI) return downwardPayload(downwardAPI.items ?? [], mode, sources);
  const { fsUser, fsGroup } = sources;
  const isPrivate = fsUser !== undefined || fsGroup !== undefined;
  const own = (data: string): PayloadFile => ({
    data: Buffer.from(data),
    mode: isPrivate ? secretFileMode : mode,
    user: fsUser,
  });
  if (serviceAccountToken) return new Map([[serviceAccountToken.path, own(await sources.token(serviceAccountToken))]]);
  if (clusterTrustBundle)
    return new Map([[clusterTrustBundle.path, own(await sources.trustBundle(clusterTrustBundle))]]);
  if (podCertificate) {
    const { key, chain } = await sources.certificate(podCertificate, place);
    const { credentialBundlePath, keyPath, certificateChainPath } = podCertificate;
    const files: Files = new Map();
    if (credentialBundlePath) files.set(credentialBundlePath, own(`${key}${chain}`));
    if (keyPath) files.set(keyPath, own(key));
    if (certificateChainPath) files.set(certificateChainPath, own(chain));
    return files;
  }
  throw new Error('the projection names no source that this node knows');
}
