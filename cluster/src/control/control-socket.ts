import { rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { Running } from '@coracle/apimachinery/component';

/** What commands ask of the process that runs a cluster, beyond what the Kubernetes API offers. */
export interface ControlHandlers {
  /** Brings the images of an archive or layout, a path on this machine, to every node; gives their names. */
  importImage(path: string): Promise<readonly string[]>;
}

const bodyBytesMax = 64 * 1024;

/** Listens on a Unix socket in the data directory, whose mode keeps others out. */
export async function startControlSocket(path: string, handlers: ControlHandlers): Promise<Running> {
  await rm(path, { force: true });
  const server = createServer((incoming, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    readBody(incoming)
      .then(async (text) => {
        if (incoming.method !== 'POST' || incoming.url !== '/images') return answer(404, { error: 'no such action' });
        const { path: image } = JSON.parse(text) as { path: string };
        return answer(200, { images: await handlers.importImage(image) });
      })
      .catch((error: unknown) => answer(500, { error: (error as Error).message }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(incoming: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of incoming) {
    text += chunk.toString('utf8');
    if (text.length > bodyBytesMax) throw new Error(`the request is longer than ${bodyBytesMax} bytes`);
  }
  return text;
}

/** Asks a running cluster to import an image. Throws with the reason it gave. */
export function requestImageImport(socketPath: string, image: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/images', method: 'POST' }, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(JSON.stringify({ path: image }));
  });
}

async function readAnswer(response: AsyncIterable<Buffer>): Promise<readonly string[]> {
  let text = '';
  for await (const chunk of response) text += chunk.toString('utf8');
  const answer = JSON.parse(text) as { images?: string[]; error?: string };
  if (answer.images === undefined) throw new Error(answer.error ?? 'no answer');
  return answer.images;
}
