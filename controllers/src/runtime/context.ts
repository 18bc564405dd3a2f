import type { Clock, Random } from '@coracle/apimachinery/clock';
import type { Environment, Logger } from '@coracle/apimachinery/component';
import type { EventRecorder } from '@coracle/client/events';
import type { Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import type { WorkQueue } from '@coracle/client/workqueue';
import type { Discovery } from './discovery.ts';
import type { ResourceInformers } from './resource-informers.ts';

/** Keys and certificates the controllers sign with or publish. */
export interface SigningMaterial {
  /** Certificate authority that signs certificate signing requests. */
  readonly caCertificatePem: string;
  readonly caPrivateKeyPem: string;
  /** Published in every namespace as `kube-root-ca.crt`. */
  readonly rootCaPem: string;
  /** Signs the tokens of legacy service account secrets. */
  readonly serviceAccountPrivateKeyPem: string;
  /** `iss` of those tokens, as the API server's authenticator expects it for legacy tokens. */
  readonly legacyTokenIssuer?: string;
}

/** What a controller is given: its own voice, shared eyes, and a way to have its loops run. */
export interface ControllerContext {
  /** Upstream's name, for example `deployment-controller`. */
  readonly name: string;
  /** Speaks as the controller's own service account. */
  readonly client: Client;
  /** Shared by all controllers. */
  readonly informers: Informers;
  /** What the API server serves, custom resources included. */
  readonly discovery: Discovery;
  /** Informers for whatever is served, custom resources included. */
  readonly resources: ResourceInformers;
  readonly events: EventRecorder;
  readonly environment: Environment;
  /** The environment's clock, and the environment's randomness next to it. */
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborted when the controllers stop. */
  readonly signal: AbortSignal;
  readonly signing: SigningMaterial;
  /** Declares a loop; its workers begin once every informer asked for so far has synced. */
  loop(options: LoopOptions): WorkQueue;
  /** Declares work to do once, after the informers have synced and before the loops begin. */
  onSynced(task: () => void): void;
}

export interface LoopOptions {
  /** Tells the loops of one controller apart in the log. */
  readonly name?: string;
  /** Keys worked on at the same time; 5 as upstream unless said. */
  readonly workers?: number;
  /** Brings the object behind the key closer to what it should be. What it throws is retried with back-off. */
  readonly reconcile: (key: string) => Promise<void>;
}

/** Declares a controller's informers, handlers and loops. Wiring only: decisions live in the reconcilers. */
export type StartController = (context: ControllerContext) => void;
