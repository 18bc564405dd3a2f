import type { Strategy } from '../registry/strategy.ts';
import type { ConnectCall } from '../registry/strategy.ts';
import type { ApiResponse } from '../http/api-request.ts';

/** What strategies need of the server they belong to. */
export interface StrategyParts {
  /** CIDRs of cluster IPs, primary family first. */
  readonly serviceCidrs: readonly string[];
  /** First and last port of NodePort services. */
  readonly nodePortRange: { readonly first: number; readonly last: number };
  /** Signs tokens of service accounts; absent: the `token` subresource answers that none are issued. */
  readonly issueToken?: IssueToken;
  /** Carries requests to nodes, pods and services; absent: those subresources are not served. */
  readonly connector?: Connector;
}

/** A token that is asked for, checked against the cluster already. */
export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  /** Empty: the server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly secret?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

export type IssueToken = (claims: TokenClaims) => Promise<{
  readonly token: string;
  /** RFC 3339. */
  readonly expirationTimestamp: string;
  readonly audiences: readonly string[];
}>;

/** Where a request that is answered by somebody else goes. */
export interface Connector {
  /** To the kubelet of a node: `path` with its leading slash and query, `/containerLogs/ns/pod/container?follow=true`. */
  kubelet(node: string, path: string, call: ConnectCall): Promise<ApiResponse>;
  /** To an address inside the cluster network. */
  proxy(target: ProxyTarget, call: ConnectCall): Promise<ApiResponse>;
}

export interface ProxyTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** With its leading slash. */
  readonly path: string;
}

/** What a group folder's `index.ts` offers. */
export type GroupStrategies = readonly Strategy[] | ((parts: StrategyParts) => readonly Strategy[]);
