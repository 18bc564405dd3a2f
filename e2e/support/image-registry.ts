import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A registry on loopback that serves the images of an OCI layout: what a mirror of a registry is to the nodes. */
export interface ImageRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Names of the images whose manifests were asked for, by tag or digest, in order. */
  readonly asked: readonly string[];
}

interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly mediaType: string;
  readonly digest: string;
}

const route = /^\/v2\/(?<name>[^?]+)\/(?<what>manifests|blobs)\/(?<reference>[^/?]+)$/;

/**
 * The reading half of the OCI distribution specification, without sign-in. Clients say with `?ns=` which registry they mean;
 * an image that the layout has under another registry's name is not served for it.
 */
export async function startImageRegistry(layout: string): Promise<ImageRegistry> {
  const asked: string[] = [];
  const manifests = await readManifests(layout);
  const server = createServer((request, response) => {
    answer({ layout, manifests, asked }, request, response).catch((error: unknown) => {
      response.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** By the image's full name, with its tag and with its digest. */
async function readManifests(layout: string): Promise<ReadonlyMap<string, Manifest>> {
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { readonly manifests: LayoutEntry[] };
  const found = new Map<string, Manifest>();
  for (const { mediaType, digest, annotations } of index.manifests) {
    const name = annotations?.['io.containerd.image.name'] ?? '';
    found.set(name, { mediaType, digest });
    found.set(`${name.slice(0, name.lastIndexOf(':'))}@${digest}`, { mediaType, digest });
  }
  return found;
}

interface Served {
  readonly layout: string;
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly asked: string[];
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  const { name = '', what, reference = '' } = route.exec(url.pathname)?.groups ?? {};
  if (what === 'manifests') {
    const image = `${url.searchParams.get('ns')}/${name}${reference.includes(':') ? '@' : ':'}${reference}`;
    served.asked.push(image);
    const manifest = served.manifests.get(image);
    if (manifest === undefined) return refuse(response, 'MANIFEST_UNKNOWN', image);
    return sendBlob(served.layout, manifest, request, response);
  }
  if (what === 'blobs')
    return sendBlob(served.layout, { mediaType: 'application/octet-stream', digest: reference }, request, response);
  response.writeHead(url.pathname === '/v2/' ? 200 : 404).end();
}

async function sendBlob(
  layout: string,
  { digest, mediaType }: Manifest,
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = join(layout, 'blobs', digest.replace(':', '/'));
  const found = /^sha256:[0-9a-f]{64}$/.test(digest) ? await stat(path).catch(() => undefined) : undefined;
  if (found === undefined) return refuse(response, 'BLOB_UNKNOWN', digest);
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': found.size,
    'docker-content-digest': digest,
  });
  if (method === 'HEAD') response.end();
  else createReadStream(path).pipe(response);
}

function refuse(response: ServerResponse, code: string, detail: string): void {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: 'not served here', detail }] }));
}
