import { createHash } from 'node:crypto';
import { initProgram } from './init-program.ts';
import { type TarEntry, tarArchive } from './tar.ts';

/** The name containerd asks for; upstream's, so that whoever imports the real one replaces ours. */
export const sandboxImageName = 'registry.k8s.io/pause:3.10.2';

/**
 * The image of pod sandboxes as an OCI archive for `ctr images import`: one layer with one program that sleeps and collects
 * orphans. Nothing has to be pulled for a cluster to be ready.
 */
export function sandboxImageArchive(architecture: 'x64' | 'arm64'): Buffer {
  const layer = tarArchive([{ name: 'pause', mode: 0o755, content: initProgram(architecture) }]);
  const config = json({
    architecture: architecture === 'x64' ? 'amd64' : 'arm64',
    os: 'linux',
    config: { Entrypoint: ['/pause'], User: '65535:65535', Env: ['PATH=/'] },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
        annotations: { 'io.containerd.image.name': sandboxImageName, 'org.opencontainers.image.ref.name': '3.10.2' },
      },
    ],
  });
  const blob = (content: Buffer): TarEntry => ({
    name: `blobs/sha256/${digest(content).slice('sha256:'.length)}`,
    mode: 0o644,
    content,
  });
  return tarArchive([
    { name: 'oci-layout', mode: 0o644, content: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', mode: 0o644, content: index },
    blob(manifest),
    blob(config),
    blob(layer),
  ]);
}

function descriptor(mediaType: string, content: Buffer) {
  return { mediaType, digest: digest(content), size: content.length };
}

function digest(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
