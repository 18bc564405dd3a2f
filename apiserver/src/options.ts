import type { Duplex } from 'node:stream';
import type { Environment, Running } from '@coracle/apimachinery/component';
import type { AdmissionPlugin } from './admission/admission.ts';
import type { AuditOptions } from './audit/index.ts';
import type { AuthenticationOptions } from './auth/authentication-options.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { AuthorizationOptions } from './auth/authorization/options.ts';
import type { Authorizer } from './auth/authorizer.ts';
import type { ApiRequest, ApiResponse } from './http/api-request.ts';
import type { TlsOptions } from './http/listener.ts';
import type { Readers, Writers } from './registry/readers.ts';
import type { Strategy } from './registry/strategy.ts';
import type { EncryptionOptions } from './storage/encryption/index.ts';
import type { Storage } from './storage/storage.ts';

/** What an API server is made of. Everything optional has the whole of Kubernetes as its default. */
export interface ApiServerDependencies {
  readonly storage: Storage;
  readonly environment: Environment;
  readonly strategies?: readonly Strategy[];
  /** In the order they are asked. */
  readonly authenticators?: (context: SecurityContext) => readonly Authenticator[];
  /** In the order they are asked. */
  readonly authorizers?: (context: SecurityContext) => readonly Authorizer[];
  /** In the order they are called. */
  readonly admission?: (context: AdmissionContext) => readonly AdmissionPlugin[];
  /** Called after the mutating plug-ins of Kubernetes and before its webhooks. */
  readonly extraAdmission?: (context: AdmissionContext) => readonly AdmissionPlugin[];
}

/** What authenticators and authorizers are made from. */
export interface SecurityContext {
  readonly environment: Environment;
  readonly options: ApiServerOptions;
  readonly readers: Readers;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/** What admission plug-ins are made from. */
export interface AdmissionContext extends SecurityContext {
  readonly writers: Writers;
  readonly authorizer: Authorizer;
}

export interface ApiServerOptions {
  /** Where to listen; absent means in-process callers only. */
  readonly listen?: {
    readonly host?: string /** 0 picks a free one. */;
    readonly port: number;
    readonly tls: TlsOptions;
  };
  /** Address and port that pods and nodes reach this server at: the endpoint of `default/kubernetes`. Default: the listener's. */
  readonly advertise?: { readonly address: string; readonly port?: number };
  /** Signs and checks the tokens of service accounts; absent: none are issued or accepted. */
  readonly serviceAccounts?: ServiceAccountOptions;
  /** The cluster's own proxy: PEM bundle and names by which it is believed. `authentication.requestHeader` adds others. */
  readonly frontProxy?: {
    readonly authorities: string;
    readonly allowedNames: readonly string[];
    /** PEM pair this server shows to aggregated API servers. */
    readonly client?: { readonly certificate: string; readonly key: string };
  };
  /** How this server reaches the :10250 of nodes. */
  readonly kubeletClient?: KubeletClientOptions;
  /** CIDRs of cluster IPs, primary family first. Default `10.96.0.0/12`. */
  readonly serviceCidrs?: readonly string[];
  /** First and last port. Default 30000–32767. */
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  /** Seals stored values, `--encryption-provider-config`; absent: they are kept as they are. */
  readonly encryption?: EncryptionOptions;
  /** Absent: nothing is recorded. */
  readonly audit?: AuditOptions;
  /** Who is believed, beside certificates and service accounts. Default: nobody, and whoever shows nothing is anonymous. */
  readonly authentication?: AuthenticationOptions;
  /** Who decides about requests. Default: the Node authorizer, then RBAC. */
  readonly authorization?: AuthorizationOptions;
  /** What /flagz shows: kube-apiserver's flags that were given, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
  /** `--max-requests-inflight`; with the next one the seats that flow control divides. Default 400. */
  readonly maxRequestsInflight?: number;
  /** `--max-mutating-requests-inflight`. Default 200. */
  readonly maxMutatingRequestsInflight?: number;
}

/** What a cluster's owner may set about access; the rest follows from the cluster's keys and addresses. */
export type AccessOptions = Pick<
  ApiServerOptions,
  'audit' | 'authentication' | 'authorization' | 'encryption' | 'flags'
>;

export interface ServiceAccountOptions {
  readonly issuer: string;
  /** PEM of the private key; P-256 or RSA. */
  readonly signingKey: string;
  /** PEMs of public keys whose tokens are accepted; the signing key's own is always among them. */
  readonly verifyingKeys?: readonly string[];
  /** Default: the issuer. */
  readonly audiences?: readonly string[];
}

export interface KubeletClientOptions {
  /**
   * Asked first for a connection to a kubelet or a pod; undefined: the machine's network has it. Throws where nothing
   * listens. Default: the machine's network for all.
   */
  readonly dial?: (host: string, port: number) => Duplex | undefined;
  /** PEM pair shown to kubelets. */
  readonly certificate: string;
  readonly key: string;
  /** PEM bundle that kubelets' serving certificates are checked against; absent: not checked, as upstream's default. */
  readonly authorities?: string;
}

/** A server that answers requests. */
export interface ApiServer extends Running {
  /** One request of a caller in this process, through the same chain as everybody else's. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** `https://host:port`; undefined without a listener. */
  readonly url: string | undefined;
  readonly port: number | undefined;
  /** Resolves once /readyz answers ok: caches filled, system objects there. */
  ready(): Promise<void>;
}
