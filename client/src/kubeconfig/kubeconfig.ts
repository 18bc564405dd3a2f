/** client-go `clientcmd/api/v1.Config` as it is in a file. Fields that are not named here are kept as they are. */
export interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  preferences?: Record<string, unknown>;
  clusters?: Named<'cluster', KubeconfigCluster>[] | null;
  contexts?: Named<'context', KubeconfigContext>[] | null;
  users?: Named<'user', KubeconfigUser>[] | null;
  'current-context'?: string;
  extensions?: unknown[];
}

export type Named<K extends string, T> = { name: string } & { [key in K]: T };

export interface KubeconfigCluster {
  server?: string;
  'certificate-authority'?: string;
  /** Base64 of the PEM. */
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
  [field: string]: unknown;
}

export interface KubeconfigUser {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
  [field: string]: unknown;
}

export interface KubeconfigContext {
  cluster: string;
  user: string;
  namespace?: string;
  extensions?: { name: string; extension: unknown }[];
  [field: string]: unknown;
}
