import { readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { debianFile, debianTar } from './debian.ts';
import { OciLayout } from './oci-layout.ts';
import type { LayerEntry } from './tar.ts';

/** The images of the application that the scenarios install; nothing is pulled. */
export const applicationImages = {
  /** nginx; serves the environment variable VERSION at / and answers /healthz. */
  web: 'coracle.test/web:1.0',
  /** busybox with all its commands. */
  tools: 'coracle.test/tools:1.0',
} as const;

/** Writes both images as an OCI layout into `output`; packages are downloaded once into `cache`. */
export async function buildApplicationImages(output: string, cache: string): Promise<void> {
  const layout = await OciLayout.create(output);
  const nginx = await layout.layerFile(
    await debianTar(cache, 'nginx', ['nginx-light', 'dash', 'coreutils', 'base-passwd']),
  );
  await layout.image([applicationImages.web], [nginx, await layout.layer(webFiles)], {
    Entrypoint: ['/bin/sh', '/start'],
    ExposedPorts: { '8080/tcp': {} },
  });
  await layout.image(
    [applicationImages.tools],
    [await layout.layer(await busyboxFiles(await debianFile(cache, 'busybox-static', 'bin/busybox')))],
    { Cmd: ['sh'] },
  );
  await layout.finish();
}

/** SIGTERM finishes open requests, as nginx does with SIGQUIT: what a rolling update without errors needs. */
const startScript = `#!/bin/sh
set -eu
printf '%s\\n' "\${VERSION:-none}" > /tmp/index.html
nginx -c /web.conf &
child=$!
trap 'kill -QUIT $child' TERM INT
wait $child || wait $child
`;

const nginxConfiguration = `daemon off; worker_processes 1; pid /tmp/nginx.pid; error_log stderr; user root;
events {}
http {
  access_log off;
  server {
    listen 8080;
    root /tmp;
    location = /healthz { return 200 'ok'; }
  }
}
`;

const webFiles: readonly LayerEntry[] = [
  { path: 'start', content: Buffer.from(startScript) },
  { path: 'web.conf', content: Buffer.from(nginxConfiguration), mode: 0o644 },
  { path: 'var/log/nginx' },
  { path: 'var/lib/nginx' },
];

/** One static program under all its names. */
export async function busyboxFiles(program: string): Promise<LayerEntry[]> {
  const names = execFileSync(program, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  return [
    ...['bin', 'etc', 'root', 'home', 'var', 'usr', 'usr/bin'].map((path) => ({ path })),
    { path: 'tmp', mode: 0o1777 },
    { path: 'bin/busybox', content: await readFile(program) },
    ...names
      .filter((name) => name !== 'busybox')
      .map((name) => ({ path: `bin/${name}`, content: { linkTo: 'busybox' } })),
    {
      path: 'etc/passwd',
      content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n'),
      mode: 0o644,
    },
    { path: 'etc/group', content: Buffer.from('root:x:0:\nnogroup:x:65534:\n'), mode: 0o644 },
  ];
}
