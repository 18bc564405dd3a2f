import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { ClusterPki } from '@coracle/cluster/pki';

/** Bytes, after everything that could be collected was. */
export interface Memory {
  readonly heapUsed: number;
  /** Outside the heap: buffers. */
  readonly external: number;
  readonly rss: number;
}

/** Bytes that the program itself holds, as against what the process has asked the system for. */
export const inUse = ({ heapUsed, external }: Memory): number => heapUsed + external;

export type ToServer = { readonly type: 'measure' };
export type FromServer =
  | { readonly type: 'ready'; readonly url: string; readonly pki: ClusterPki }
  | ({ readonly type: 'memory' } & Memory)
  /** An exception or a rejection that nobody caught. */
  | { readonly type: 'fault'; readonly text: string }
  /** The server's own log of an error. */
  | { readonly type: 'log'; readonly text: string };

const logLinesMax = 200;

/** The API server in a process of its own: without controllers, everything in memory. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  readonly pki: ClusterPki;
  /** What should never happen, in the order it did. */
  readonly faults: string[] = [];
  /** The last errors it logged. */
  readonly logged: string[] = [];

  private constructor(child: ChildProcess, url: string, pki: ClusterPki) {
    this.#child = child;
    this.url = url;
    this.pki = pki;
    child.on('message', (message: FromServer) => {
      if (message.type === 'fault') this.faults.push(message.text);
      if (message.type === 'log') {
        this.logged.splice(0, Math.max(0, this.logged.length - logLinesMax));
        this.logged.push(message.text);
      }
    });
    child.once('exit', (code, signal) => this.faults.push(`the process ended with ${code ?? signal}`));
  }

  static async start(): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'server-main.ts'), { execArgv: ['--expose-gc'] });
    const { url, pki } = await next(child, 'ready');
    return new ServerProcess(child, url, pki);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Collects garbage, forgets history, and measures. */
  async memory(): Promise<Memory> {
    const answer = next(this.#child, 'memory');
    this.#child.send({ type: 'measure' } satisfies ToServer);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isAlive) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }
}

type Answer<T extends FromServer['type']> = Extract<FromServer, { type: T }>;

function next<T extends FromServer['type']>(child: ChildProcess, type: T): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the server ended with ${code}`));
    const onMessage = (message: FromServer) => {
      if (message.type === 'fault') reject(new Error(message.text));
      if (message.type !== type) return;
      child.off('exit', onExit);
      child.off('message', onMessage);
      resolve(message as Answer<T>);
    };
    child.once('exit', onExit);
    child.on('message', onMessage);
  });
}
