import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientUnaryCall,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Etcd3 } from 'etcd3';
import { UnavailableError } from '../storage.ts';
import type { EtcdStorageOptions } from './index.ts';
import type { RangeRequest, RangeResponse, TxnRequest, TxnResponse, WatchResponse } from './messages.ts';

type Answer<T> = (error: ServiceError | null, response: T) => void;
type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: object,
  answer: Answer<Response>,
) => ClientUnaryCall;

export type WatchStream = ClientDuplexStream<object, WatchResponse>;

interface Clients {
  readonly kv: {
    range: Unary<RangeRequest, RangeResponse>;
    txn: Unary<TxnRequest, TxnResponse>;
    compact: Unary<{ revision: number }, object>;
    close(): void;
  };
  readonly watch: { watch(metadata: Metadata): WatchStream; close(): void };
}

const callTimeoutMs = 30_000;
/** The first call, which finds out whether there is an etcd at all: somebody waits for the answer. */
const firstCallTimeoutMs = 5_000;
const channelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  // Finds out that a member has gone without a word.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

/**
 * Two roads to the same etcd: `admin` (etcd3) for what is rare, and bare gRPC for reads, transactions and watches, which
 * etcd3 makes twice as dear or, for progress requests and fragments, impossible.
 */
export class Connection {
  readonly admin: Etcd3;
  readonly #options: EtcdStorageOptions;
  readonly #members: Clients[];
  #member = 0;
  #metadata: Promise<Metadata> | undefined;

  constructor(options: EtcdStorageOptions) {
    const { endpoints, tls, auth } = options;
    this.#options = options;
    this.admin = new Etcd3({
      hosts: [...endpoints],
      ...(tls === undefined ? {} : { credentials: keyPair(tls) }),
      ...(auth === undefined ? {} : { auth }),
    });
    this.#members = endpoints.map((endpoint) => clientsOf(endpoint, tls));
  }

  /** Resolves when a member has answered. Throws UnavailableError with the reason of the last one where none does. */
  async open(probe: RangeRequest): Promise<void> {
    await this.#retrying((member) => member.kv.range.bind(member.kv), probe, firstCallTimeoutMs);
  }

  range(request: RangeRequest): Promise<RangeResponse> {
    return this.#retrying((member) => member.kv.range.bind(member.kv), request);
  }

  /** Throws UnavailableError where it is not known whether it happened: never tried twice. */
  txn(request: TxnRequest): Promise<TxnResponse> {
    return this.#call((member) => member.kv.txn.bind(member.kv), request);
  }

  async compact(revision: number): Promise<void> {
    await this.#call((member) => member.kv.compact.bind(member.kv), { revision });
  }

  async watch(): Promise<WatchStream> {
    const metadata = await this.#authenticated();
    return this.#current.watch.watch(metadata);
  }

  /** The member in use does not answer: the next one from now on. */
  rotate(): void {
    this.#member = (this.#member + 1) % this.#members.length;
  }

  close(): void {
    this.admin.close();
    for (const { kv, watch } of this.#members) {
      kv.close();
      watch.close();
    }
  }

  get #current(): Clients {
    return this.#members[this.#member] as Clients;
  }

  /** For calls that may be made again: every member gets its chance. */
  async #retrying<Q, R>(method: (member: Clients) => Unary<Q, R>, request: Q, timeoutMs?: number): Promise<R> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(method, request, timeoutMs);
      } catch (error) {
        if (!(error instanceof UnavailableError) || attempt > this.#members.length) throw error;
      }
    }
  }

  async #call<Q, R>(method: (member: Clients) => Unary<Q, R>, request: Q, timeoutMs = callTimeoutMs): Promise<R> {
    const metadata = await this.#authenticated();
    const deadline = this.#options.environment.clock.now() + timeoutMs;
    try {
      return await new Promise<R>((resolve, reject) => {
        const answer: Answer<R> = (error, response) => (error === null ? resolve(response) : reject(error));
        method(this.#current)(request, metadata, { deadline }, answer);
      });
    } catch (error) {
      throw this.#translate(error as ServiceError);
    }
  }

  #authenticated(): Promise<Metadata> {
    this.#metadata ??= this.#authenticate();
    return this.#metadata;
  }

  async #authenticate(): Promise<Metadata> {
    const metadata = new Metadata();
    const { auth } = this.#options;
    if (auth === undefined) return metadata;
    try {
      const { token } = await this.admin.auth.authenticate({ name: auth.username, password: auth.password });
      metadata.set('token', token);
      return metadata;
    } catch (error) {
      this.#metadata = undefined;
      throw new UnavailableError(`etcd does not accept user ${auth.username}: ${(error as Error).message}`);
    }
  }

  #translate(error: ServiceError): Error {
    if (error.code === status.UNAUTHENTICATED) this.#metadata = undefined;
    if (
      error.code !== status.UNAVAILABLE &&
      error.code !== status.DEADLINE_EXCEEDED &&
      error.code !== status.CANCELLED
    ) {
      return error;
    }
    this.rotate();
    return new UnavailableError(
      `etcd does not answer (${this.#options.endpoints.join(', ')}): ${reasonOf(error.details)}`,
    );
  }
}

/** What the socket said, without what gRPC's balancer says around it, which for an address is nothing. */
function reasonOf(details: string): string {
  const wrapped = /^No connection established\. Last error: (?:Error: )?(.*?)(?: \([-\d:.TZ]+\))?\. Resolution note: /;
  return wrapped.exec(details)?.[1] ?? details;
}

function clientsOf(endpoint: string, tls: EtcdStorageOptions['tls']): Clients {
  const { KV, Watch } = services();
  const { host, protocol } = new URL(endpoint);
  const secured = protocol === 'https:' ? channelCredentials(tls) : credentials.createInsecure();
  return { kv: new KV(host, secured, channelOptions), watch: new Watch(host, secured, channelOptions) };
}

function channelCredentials(tls: EtcdStorageOptions['tls']): ChannelCredentials {
  if (tls === undefined) return credentials.createSsl();
  const { rootCertificate, privateKey, certChain } = keyPair(tls);
  return credentials.createSsl(rootCertificate, privateKey, certChain);
}

function keyPair({ authority, certificate, key }: NonNullable<EtcdStorageOptions['tls']>) {
  return {
    rootCertificate: Buffer.from(authority),
    ...(key === undefined || certificate === undefined
      ? {}
      : { privateKey: Buffer.from(key), certChain: Buffer.from(certificate) }),
  };
}

interface Services {
  readonly KV: new (host: string, credentials: ChannelCredentials, options: object) => Clients['kv'];
  readonly Watch: new (host: string, credentials: ChannelCredentials, options: object) => Clients['watch'];
}

let loaded: Services | undefined;

/** etcd3 ships etcd's own proto files. */
function services(): Services {
  if (loaded === undefined) {
    const directory = join(dirname(createRequire(import.meta.url).resolve('etcd3')), '..', 'proto');
    const definition = loadSync(join(directory, 'rpc.proto'), {
      keepCase: true,
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
      includeDirs: [directory],
    });
    loaded = loadPackageDefinition(definition)['etcdserverpb'] as unknown as Services;
  }
  return loaded;
}
