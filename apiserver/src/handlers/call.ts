import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type { Authorizer } from '../auth/authorizer.ts';
import type { TokenService } from '../auth/tokens/token-service.ts';
import type { RequestContext } from '../filters/filter.ts';
import type { ApiResponse } from '../http/api-request.ts';
import type { MessageCodec } from '../negotiation/object-response.ts';
import type { AdmissionChain } from '../registry/admission-chain.ts';
import type { Readers, Writers } from '../registry/readers.ts';
import type { ResourceTable, ServedResource } from '../registry/served-resource.ts';
import type { WriteContext } from '../registry/strategy.ts';
import type { Expected } from './body.ts';

/** What all verbs work with. */
export interface Core {
  readonly environment: Environment;
  readonly resources: ResourceTable;
  readonly admission: AdmissionChain;
  readonly authorizer: Authorizer;
  readonly readers: Readers;
  readonly writers: Writers;
  readonly tokens: TokenService;
  /** Largest request body, in bytes. */
  readonly bodyBytesMax: number;
  /** What the body of a delete must be. */
  readonly deleteOptions: Expected;
  /** How to read a body of a kind that need not be a resource; undefined for unknown kinds. */
  expectedOfKind(kind: GroupVersionKind): Expected | undefined;
  /** Protobuf of what an object says it is; undefined where there is none. */
  codecOfObject(object: KubernetesObject): MessageCodec | undefined;
  /** Watches without a time limit of their own end after this many milliseconds, times one to two. */
  readonly watchTimeoutMinMs: number;
}

/** One request for a resource, on its way through a verb. */
export interface Call {
  readonly core: Core;
  readonly context: RequestContext;
  readonly resource: ServedResource;
}

export type Verb = (call: Call) => Promise<ApiResponse>;

export function writeContextOf({ core, context, resource }: Call, dryRun: boolean): WriteContext {
  return {
    environment: core.environment,
    row: resource.row,
    subresource: context.info.subresource,
    user: context.user,
    namespace: resource.row.namespaced ? context.info.namespace : '',
    dryRun,
    signal: context.signal,
    authorizer: core.authorizer,
    readers: core.readers,
    writers: core.writers,
    tokens: core.tokens,
    warn: (text) => context.warnings.add(text),
  };
}

/** The object that the path names. */
export function keyOfCall({ context, resource }: Call): { namespace?: string; name: string } {
  const { name, namespace } = context.info;
  return resource.row.namespaced ? { namespace, name } : { name };
}
