/** The part of etcd's gRPC messages (etcdserverpb, mvccpb) that this driver speaks, as proto-loader shapes them. */
export interface Header {
  readonly revision: number;
}

export interface EtcdKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: number;
  readonly mod_revision: number;
  /** Writes since the key was created. */
  readonly version: number;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly range_end?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
  readonly count_only?: boolean;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly EtcdKeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface TxnRequest {
  readonly compare: readonly object[];
  readonly success: readonly object[];
  readonly failure: readonly object[];
}

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly response_range?: RangeResponse }[];
}

export interface WatchResponse {
  readonly header: Header;
  readonly watch_id: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: number;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly EtcdEvent[];
}

export interface EtcdEvent {
  readonly type: 'Put' | 'Delete';
  readonly kv: EtcdKeyValue;
  readonly prev_kv: EtcdKeyValue | null;
}

/** Puts or deletes a key where its newest modRevision is `expected`; answers the present state where it is not. */
export function compareAndWrite(key: Buffer, expected: number, write: object): TxnRequest {
  return {
    compare: [{ result: 'Equal', target: 'Mod', key, mod_revision: expected }],
    success: [write],
    failure: [{ request_range: { key } }],
  };
}
