import { type Client, credentials, makeGenericClientConstructor, Metadata, status } from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader';
import { fromJSON } from '@grpc/proto-loader';
import type { Clock } from '@coracle/apimachinery/clock';
import descriptor from '../../generated/cri.json' with { type: 'json' };
import { RuntimeFailure } from '../cri.ts';

/** One connection to containerd's socket. Messages are plain objects with every field present (proto3 defaults). */
export interface Channel {
  /** Throws RuntimeFailure. `timeoutMs` 0 = until the signal. */
  call<T>(method: CriMethod, request: object, timeoutMs?: number, signal?: AbortSignal): Promise<T>;
  subscribe<T>(method: CriMethod, request: object, signal: AbortSignal): AsyncIterable<T>;
  close(): void;
}

/** `RuntimeService/RunPodSandbox`, `ImageService/PullImage`, `Events/Subscribe`. */
export type CriMethod = `${'RuntimeService' | 'ImageService' | 'Events'}/${string}`;

const callTimeoutMs = 120_000;
/** A list of images or containers of a full node. */
const messageBytesMax = 64 * 1024 * 1024;

const packages = { RuntimeService: 'runtime.v1', ImageService: 'runtime.v1', Events: 'containerd.services.events.v1' };

type Definition = MethodDefinition<object, object>;

let definitions: PackageDefinition | undefined;

function definitionOf(method: CriMethod): Definition {
  definitions ??= fromJSON(descriptor as unknown as Parameters<typeof fromJSON>[0], {
    longs: Number,
    enums: String,
    defaults: true,
  });
  const [service = 'RuntimeService', name = ''] = method.split('/') as [keyof typeof packages, string];
  const definition = definitions[`${packages[service]}.${service}`] as unknown as Record<string, Definition>;
  const found = definition[name];
  if (!found) throw new Error(`CRI has no method ${method}`);
  return found;
}

export function openChannel(socket: string, clock: Clock): Channel {
  const Connection = makeGenericClientConstructor({}, 'cri');
  const client: Client = new Connection(`unix://${socket}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    // Containerd chooses the namespace of its own events by this name; CRI calls ignore it.
    'grpc.default_authority': 'localhost',
  });

  return {
    call<T>(method: CriMethod, request: object, timeoutMs = callTimeoutMs, signal?: AbortSignal): Promise<T> {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method);
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const options = timeoutMs > 0 ? { deadline: clock.now() + timeoutMs } : {};
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          new Metadata(),
          options,
          (error, response) => {
            signal?.removeEventListener('abort', cancel);
            if (error) reject(toFailure(error));
            else resolve(response as T);
          },
        );
        const cancel = () => call.cancel();
        signal?.addEventListener('abort', cancel, { once: true });
      });
    },

    async *subscribe<T>(method: CriMethod, request: object, signal: AbortSignal): AsyncIterable<T> {
      const { path, requestSerialize, responseDeserialize } = definitionOf(method);
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        {},
      );
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        for await (const message of call) yield message as T;
      } catch (error) {
        if (!signal.aborted) throw toFailure(error as { code?: number; details?: string; message: string });
      } finally {
        signal.removeEventListener('abort', cancel);
        call.cancel();
      }
    },

    close: () => client.close(),
  };
}

function toFailure(error: { code?: number; details?: string; message: string }): RuntimeFailure {
  const code = error.code === undefined ? 'UNKNOWN' : (status[error.code] ?? 'UNKNOWN');
  return new RuntimeFailure(code, error.details || error.message);
}
