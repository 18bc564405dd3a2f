import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxFiles } from './application-images.ts';
import { plainBusybox } from './busybox.ts';
import { debianTar } from './debian.ts';
import { OciLayout } from './oci-layout.ts';
import type { LayerEntry } from './tar.ts';

/** Programs that go into images, by the path where they were built. */
export interface ConformancePrograms {
  readonly agnhost: string;
  readonly sampleApiserver: string;
  readonly etcd: string;
}

const registry = 'registry.k8s.io';
const packages = [
  ...[
    'dash',
    'bash',
    'coreutils',
    'base-passwd',
    'base-files',
    'libc-bin',
    'grep',
    'sed',
    'mawk',
    'tar',
    'findutils',
    'hostname',
  ],
  ...[
    'curl',
    'wget',
    'netcat-openbsd',
    'bind9-dnsutils',
    'iproute2',
    'iperf',
    'socat',
    'procps',
    'nginx-light',
    'util-linux',
  ],
  'ca-certificates',
];

/**
 * Stand-ins for the images that upstream's suite names, from Debian's packages and programs built here; none is upstream's
 * own. What a spec could notice: agnhost on Debian in place of Alpine, and kitten says Alpine in its os-release though it is not.
 */
export async function buildConformanceImages(
  output: string,
  cache: string,
  programs: ConformancePrograms,
): Promise<void> {
  const layout = await OciLayout.create(output);
  const debian = await layout.layerFile(await debianTar(cache, 'conformance', packages));
  const busybox = await layout.layer(await busyboxFiles(await plainBusybox(cache)));
  await layout.image(names('e2e-test-images/busybox:1.37.0-2', 'e2e-test-images/busybox:1.36.1-1'), [busybox], {
    Cmd: ['sh'],
  });
  const pause = await compiled(cache, 'pause', pauseSource);
  await layout.image(names('pause:3.10.2', 'pause:3.10'), [await layout.layer([{ path: 'pause', content: pause }])], {
    Entrypoint: ['/pause'],
    User: '65535:65535',
  });
  const agnhost = [debian, await layout.layer(await agnhostFiles(cache, programs.agnhost))];
  const agnhostConfig = {
    Entrypoint: ['/agnhost'],
    ExposedPorts: Object.fromEntries([80, 8080, 8081, 9376, 5000].map((port) => [`${port}/tcp`, {}])),
  };
  await layout.image(names('e2e-test-images/agnhost:2.66.1', 'e2e-test-images/agnhost:2.55'), agnhost, {
    ...agnhostConfig,
    Cmd: ['pause'],
  });
  for (const pet of ['nautilus', 'kitten']) {
    const files = await layout.layer(petFiles(pet));
    await layout.image(names(`e2e-test-images/${pet}:1.8`), [...agnhost, files], {
      ...agnhostConfig,
      Cmd: ['test-webserver'],
    });
  }
  const nginx = await layout.layer([{ path: 'var/log/nginx' }, { path: 'var/lib/nginx' }]);
  await layout.image(names('e2e-test-images/nginx:1.27.0-2', 'e2e-test-images/nginx:1.28.0-2'), [debian, nginx], {
    Entrypoint: ['nginx'],
    Cmd: ['-g', 'daemon off; user root;'],
    ExposedPorts: { '80/tcp': {} },
  });
  await layout.image(names('e2e-test-images/glibc-dns-testing:2.1.1'), [debian], { Cmd: ['bash'] });
  await layout.image(names('e2e-test-images/nonroot:1.5'), [debian], { Cmd: ['sh'], User: '1234' });
  const nnp = await layout.layer([
    { path: 'usr/local/bin/nnp', content: await compiled(cache, 'nnp', nnpSource), mode: 0o6755 },
  ]);
  await layout.image(names('e2e-test-images/nonewprivs:1.4'), [debian, nnp], { Cmd: ['nnp'] });
  const server = await layout.layer([{ path: 'sample-apiserver', content: await readFile(programs.sampleApiserver) }]);
  await layout.image(names('e2e-test-images/sample-apiserver:1.29.2'), [debian, server], {
    Entrypoint: ['/sample-apiserver'],
  });
  const etcd = await layout.layer([{ path: 'usr/local/bin/etcd', content: await readFile(programs.etcd) }]);
  await layout.image(names('etcd:3.7.0-0'), [debian, etcd], { Cmd: ['/usr/local/bin/etcd'] });
  await layout.finish();
}

const names = (...images: readonly string[]): string[] => images.map((image) => `${registry}/${image}`);

async function agnhostFiles(cache: string, program: string): Promise<LayerEntry[]> {
  const { key, certificate } = await localhostCertificate(cache);
  return [
    { path: 'agnhost', content: await readFile(program) },
    { path: 'agnhost-2', content: { linkTo: 'agnhost' } },
    { path: 'uploads' },
    { path: 'localhost.crt', content: certificate, mode: 0o644 },
    { path: 'localhost.key', content: key, mode: 0o644 },
    { path: 'home/user-defined-in-image' },
    {
      // One spec reads the name of uid 1000, which the image defines.
      path: 'etc/passwd',
      content: Buffer.from(
        'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nuser-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n',
      ),
      mode: 0o644,
    },
  ];
}

function petFiles(pet: string): LayerEntry[] {
  const release = 'NAME="Alpine Linux"\nID=alpine\n';
  return [
    { path: 'data.json', content: Buffer.from(JSON.stringify({ image: `${pet}.jpg` }, undefined, 1)), mode: 0o644 },
    { path: `${pet}.jpg`, content: Buffer.from('no picture\n'), mode: 0o644 },
    ...(pet === 'kitten' ? [{ path: 'etc/os-release', content: Buffer.from(release), mode: 0o644 }] : []),
  ];
}

async function localhostCertificate(
  cache: string,
): Promise<{ readonly key: Uint8Array; readonly certificate: Uint8Array }> {
  const [key, certificate] = [join(cache, 'localhost.key'), join(cache, 'localhost.crt')];
  if (!existsSync(certificate)) {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
  }
  return { key: await readFile(key), certificate: await readFile(certificate) };
}

const pauseSource = `
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int s) { (void)s; _exit(0); }
static void reap(int s) { (void)s; while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, leave); signal(SIGTERM, leave); signal(SIGCHLD, reap); for (;;) pause(); }
`;

const nnpSource = `
#include <stdio.h>
#include <unistd.h>
int main(void) { printf("Effective uid: %d\\n", (int)geteuid()); return 0; }
`;

/** A static C program, built once. */
async function compiled(cache: string, name: string, source: string): Promise<Uint8Array> {
  const target = join(cache, 'compiled', name);
  if (!existsSync(target)) {
    await mkdir(join(cache, 'compiled'), { recursive: true });
    await writeFile(`${target}.c`, source);
    execFileSync('gcc', ['-O2', '-static', '-o', target, `${target}.c`]);
  }
  return readFile(target);
}
