import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateRequest, KeyPair } from './certificate.ts';

const authorityDays = 3650;
const leafDays = 365;
/** Leaves are made anew at start when they end within this many days. */
const renewBeforeDays = 30;
const dayMs = 24 * 60 * 60 * 1000;

/** Every key of a cluster. Authorities and the service-account key never change; leaves are renewed at start. */
export interface ClusterPki {
  readonly authority: KeyPair;
  readonly frontProxyAuthority: KeyPair;
  readonly serving: KeyPair;
  /** Who owns the kubeconfig: `kubernetes-admin` in `system:masters`. */
  readonly admin: KeyPair;
  /** What the API server shows to kubelets. */
  readonly kubeletClient: KeyPair;
  readonly frontProxyClient: KeyPair;
  /** What the metrics API shows to the API server. */
  readonly metricsServer: KeyPair;
  /** PEM of the P-256 key that signs service-account tokens. */
  readonly serviceAccountKey: string;
  /** PEM of its public half. */
  readonly serviceAccountPublicKey: string;
  /** Issues a certificate of the cluster's authority, for example a kubelet's. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** The Service that the API server finds the metrics API under. */
const metricsServerName = 'metrics-server.kube-system.svc';

export interface PkiOptions {
  /** Folder of the PEM files; made with mode 0700. */
  readonly directory: string;
  /** Names and addresses that the API server answers under. A new one makes a new serving certificate. */
  readonly servingNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Loads a cluster's keys, making those that are missing, about to end, or lack a serving name. */
export async function ensureClusterPki(options: PkiOptions): Promise<ClusterPki> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const files = new PemFolder(options);
  const authority = await files.authority('ca', 'coracle-ca');
  const frontProxyAuthority = await files.authority('front-proxy-ca', 'coracle-front-proxy-ca');
  const [serving, admin, kubeletClient, frontProxyClient, metricsServer, serviceAccountKey] = await Promise.all([
    files.leaf('apiserver', authority, {
      commonName: 'kube-apiserver',
      names: options.servingNames,
      usages: ['server'],
      days: leafDays,
    }),
    files.leaf('admin', authority, client('kubernetes-admin', 'system:masters')),
    files.leaf('apiserver-kubelet-client', authority, client('kube-apiserver-kubelet-client', 'system:masters')),
    files.leaf('front-proxy-client', frontProxyAuthority, client('front-proxy-client')),
    files.leaf('metrics-server', authority, {
      commonName: 'metrics-server',
      names: [metricsServerName],
      usages: ['server'],
      days: leafDays,
    }),
    files.serviceAccountKey(),
  ]);
  return {
    authority,
    frontProxyAuthority,
    serving,
    admin,
    kubeletClient,
    frontProxyClient,
    metricsServer,
    serviceAccountKey,
    serviceAccountPublicKey: createPublicKey(serviceAccountKey).export({ type: 'spki', format: 'pem' }).toString(),
    issue: async (request) => (await signer(authority)).issue(request, options.now),
  };
}

function client(commonName: string, ...organizations: string[]): CertificateRequest {
  return { commonName, organizations, usages: ['client'], days: leafDays };
}

/** The X.509 library is loaded only when something must be issued: a start with keys in place does without it. */
async function signer(authority: KeyPair) {
  const { Authority } = await import('./certificate.ts');
  return new Authority(authority);
}

class PemFolder {
  readonly #options: PkiOptions;

  constructor(options: PkiOptions) {
    this.#options = options;
  }

  async authority(name: string, commonName: string): Promise<KeyPair> {
    const existing = await this.#readPair(name);
    if (existing !== undefined) return existing;
    const { createAuthority } = await import('./certificate.ts');
    return this.#writePair(name, await createAuthority(commonName, authorityDays, this.#options.now));
  }

  async leaf(name: string, authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
    const existing = await this.#readPair(name);
    if (existing !== undefined && this.#isCurrent(existing, request)) return existing;
    return this.#writePair(name, await (await signer(authority)).issue(request, this.#options.now));
  }

  async serviceAccountKey(): Promise<string> {
    const existing = await this.#read('sa.key');
    if (existing !== undefined) return existing;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await this.#write('sa.key', pem, 0o600);
    return pem;
  }

  #isCurrent(pair: KeyPair, request: CertificateRequest): boolean {
    const certificate = new X509Certificate(pair.certificate);
    const endsMs = Date.parse(certificate.validTo);
    if (endsMs - this.#options.now < renewBeforeDays * dayMs) return false;
    const names = new Set((certificate.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^[^:]*:/, '')));
    return (request.names ?? []).every((name) => names.has(name));
  }

  async #readPair(name: string): Promise<KeyPair | undefined> {
    const [certificate, key] = await Promise.all([this.#read(`${name}.crt`), this.#read(`${name}.key`)]);
    return certificate === undefined || key === undefined ? undefined : { certificate, key };
  }

  async #writePair(name: string, pair: KeyPair): Promise<KeyPair> {
    await this.#write(`${name}.key`, pair.key, 0o600);
    await this.#write(`${name}.crt`, pair.certificate, 0o644);
    return pair;
  }

  async #read(file: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#options.directory, file), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whole or not at all: a crash between key and certificate leaves the pair incomplete, and it is made again. */
  async #write(file: string, text: string, mode: number): Promise<void> {
    const target = join(this.#options.directory, file);
    await writeFile(`${target}.new`, text, { mode });
    await rename(`${target}.new`, target);
  }
}
