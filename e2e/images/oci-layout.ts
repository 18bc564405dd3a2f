import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type LayerEntry, tar } from './tar.ts';

const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** The fields of an image's configuration that these tests use, under OCI's names. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** An OCI layout that is written image by image; `coracle image load` takes the folder or a tar of it. */
export class OciLayout {
  readonly path: string;
  readonly #manifests: object[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async create(path: string): Promise<OciLayout> {
    await mkdir(join(path, 'blobs/sha256'), { recursive: true });
    return new OciLayout(path);
  }

  async layer(entries: readonly LayerEntry[]): Promise<Descriptor> {
    return this.#blob(mediaTypes.layer, tar(entries));
  }

  /** A tar file that is there already becomes a layer as it is. */
  async layerFile(path: string): Promise<Descriptor> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const digest = hash.digest('hex');
    await copyFile(path, this.#blobPath(digest));
    return { mediaType: mediaTypes.layer, digest: `sha256:${digest}`, size: (await stat(path)).size };
  }

  /** Adds an image under each of `names`, full references with registry and tag. */
  async image(names: readonly string[], layers: readonly Descriptor[], config: ImageConfig): Promise<void> {
    const configBlob = await this.#json(mediaTypes.config, {
      architecture,
      os: 'linux',
      config: { Env: [defaultPath], ...config },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    });
    const manifest = await this.#json(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: configBlob,
      layers,
    });
    for (const name of names) {
      this.#manifests.push({
        ...manifest,
        platform: { architecture, os: 'linux' },
        annotations: {
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
        },
      });
    }
  }

  /** Writes the index; the layout is whole from here on. */
  async finish(): Promise<void> {
    await writeFile(join(this.path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: this.#manifests,
    };
    await writeFile(join(this.path, 'index.json'), JSON.stringify(index, undefined, 1));
  }

  async #json(mediaType: string, value: object): Promise<Descriptor> {
    return this.#blob(mediaType, Buffer.from(JSON.stringify(value)));
  }

  async #blob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const path = this.#blobPath(digest);
    await writeFile(`${path}.new`, bytes);
    await rename(`${path}.new`, path);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  }

  #blobPath(digest: string): string {
    return join(this.path, 'blobs/sha256', digest);
  }
}
