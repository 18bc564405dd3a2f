import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../storage.ts';
import type { Message, Reply, Request } from './protocol.ts';

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls into the thread that owns the database. */
export class WorkerClient {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'storage' });
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #failure: Error | undefined;

  constructor() {
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) => this.#fail(`the storage thread failed: ${error.message}`));
    this.#worker.on('exit', () => this.#fail('the storage thread has ended'));
  }

  call<T>(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#worker.postMessage({ ...request, id } satisfies Message, transfer);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    if (reply.ok) call?.resolve(reply.result);
    else call?.reject(new Error(reply.error));
  }

  #fail(message: string): void {
    this.#failure ??= new UnavailableError(message);
    for (const { reject } of this.#calls.values()) reject(this.#failure);
    this.#calls.clear();
  }
}
