import { setTimeout as sleep } from 'node:timers/promises';
import { Choice } from './choice.ts';
import type { FuzzRequest } from './fuzz-request.ts';
import { httpRequest } from './http-requests.ts';
import { cleanUp, prepare, snapshotOf } from './clean-up.ts';
import { type Outcome, Sender } from './send.ts';
import { type Memory, ServerProcess } from '../support/index.ts';
import { complaintOf } from './verdict.ts';
import { wireRequest } from './wire-requests.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** Number of the first request; default 0. */
  readonly first?: number;
  readonly count: number;
  /** What requests made is removed after as many, so that none of them stands in the way of the rest. */
  readonly roundSize?: number;
  /** Called for each bug found. */
  readonly onFailure?: (failure: Failure) => void;
  /** Called now and then with the number of requests made. */
  readonly onProgress?: (made: number) => void;
}

export interface Failure {
  readonly request: FuzzRequest;
  readonly complaint: string;
  /** What the server said of it: its last log lines, exceptions nobody caught. */
  readonly told: readonly string[];
}

export interface Report {
  readonly requests: number;
  /** Answers by status; 0 and -1 as in `Outcome`. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly families: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  /** After the first part, when everything that is made on first use is there, and after the last. */
  readonly before: Memory;
  readonly after: Memory;
}

/** One in this many requests is bytes on a connection of its own. */
const wireShare = 1 / 12;
const defaultRoundSize = 2500;
/** How many are under way together. */
const concurrency = 8;
const toldMs = 50;
const toldMax = 8;

/** Request `number` of a seed. */
export function generate(seed: number, number: number): FuzzRequest {
  const choice = new Choice(seed, number);
  return choice.chance(wireShare) ? wireRequest(number, choice) : httpRequest(number, choice);
}

/** Sends requests `first` to `first + count - 1` to a fresh server. */
export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const { first = 0, count, roundSize = defaultRoundSize } = options;
  await using server = await ServerProcess.start();
  using sender = new Sender(server);
  const campaign = new Campaign(server, sender, options);
  const baseline = await snapshotOf(server);
  let before: Memory | undefined;
  for (let from = first; from < first + count; from += roundSize) {
    const to = Math.min(from + roundSize, first + count);
    await prepare(server);
    await campaign.round(from, to);
    await cleanUp(server, baseline);
    before ??= await server.memory();
    options.onProgress?.(to - first);
    if (!server.isAlive) break;
  }
  const after = await server.memory();
  return { ...campaign.report(), before: before ?? after, after };
}

class Campaign {
  readonly #server: ServerProcess;
  readonly #sender: Sender;
  readonly #options: CampaignOptions;
  readonly #statuses: Record<number, number> = {};
  readonly #families: Record<string, number> = {};
  readonly #failures: Failure[] = [];
  #requests = 0;
  #faultsSeen = 0;

  constructor(server: ServerProcess, sender: Sender, options: CampaignOptions) {
    this.#server = server;
    this.#sender = sender;
    this.#options = options;
  }

  /** Sends requests `from` to `to - 1`. */
  async round(from: number, to: number): Promise<void> {
    let number = from;
    const work = async (): Promise<void> => {
      while (number < to && this.#server.isAlive) await this.one(generate(this.#options.seed, number++));
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  }

  async one(request: FuzzRequest): Promise<void> {
    const outcome = await this.#sender.send(request);
    this.#requests++;
    this.#statuses[outcome.status] = (this.#statuses[outcome.status] ?? 0) + 1;
    this.#families[request.family] = (this.#families[request.family] ?? 0) + 1;
    const complaint = this.#complaint(request, outcome);
    if (complaint === undefined) return;
    // What the server tells comes over another way than its answer.
    await sleep(toldMs);
    const failure = { request, complaint, told: [...this.#server.faults, ...this.#server.logged.slice(-toldMax)] };
    this.#failures.push(failure);
    this.#options.onFailure?.(failure);
  }

  #complaint(request: FuzzRequest, outcome: Outcome): string | undefined {
    const { faults } = this.#server;
    if (faults.length > this.#faultsSeen) {
      this.#faultsSeen = faults.length;
      return faults.at(-1);
    }
    return complaintOf(request, outcome);
  }

  report(): Omit<Report, 'before' | 'after'> {
    return { requests: this.#requests, statuses: this.#statuses, families: this.#families, failures: this.#failures };
  }
}

/** Sends one request, from a file of an earlier run, to a fresh server. */
export async function replay(
  request: FuzzRequest,
): Promise<{ readonly outcome: Outcome; readonly told: readonly string[] }> {
  await using server = await ServerProcess.start();
  using sender = new Sender(server);
  await prepare(server);
  const outcome = await sender.send(request);
  return { outcome, told: [...server.faults, ...server.logged] };
}
