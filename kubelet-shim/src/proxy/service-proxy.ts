import type { Running } from '@coracle/apimachinery/component';
import type { Ipv4Range } from '../network/index.ts';

/** A network namespace that Services work in. */
export interface ProxyTarget {
  readonly nodeName: string;
  readonly zone: string;
  /** The node's own address: where node ports answer. */
  readonly address: string;
  /** The node's own pods; absent: every pod counts as one of the cluster. */
  readonly pods?: Ipv4Range | undefined;
  /** The words before a command to run it in that network; none: the host's own. */
  readonly enterNetwork: readonly string[];
  /** What the node's port 10250 leads to, for pods of the node itself. */
  readonly agent?: { readonly host: string; readonly port: number } | undefined;
}

/** Keeps the rules of every attached network as Services and their endpoints are. */
export interface ServiceProxy extends Running {
  /** Resolves once the rules of the present Services are in place; calling the result stops keeping them. */
  attach(target: ProxyTarget): Promise<() => void>;
}
