import type { Environment } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { timestamp } from '../registry/metadata.ts';
import type { SendOwnRequest } from '../system/own-requests.ts';
import type { SchemaObject } from './flow.ts';
import { nameOf } from './level.ts';

const fieldManager = 'api-priority-and-fairness-config-consumer-v1';
/** Servers that disagree about a schema must not fight over it: more updates than this a minute are put off. */
const updatesPerMinuteMax = 6;
const minuteMs = 60_000;
/** Put off by this and up to as much again and a half. Milliseconds. */
const postponeMs = 30_000;
const postponeSpreadMs = 45_000;
const retryMinMs = 200;
const retryMaxMs = 60_000;

export interface SchemaConditionsDependencies {
  readonly environment: Environment;
  readonly send: SendOwnRequest;
  readonly schemas: () => Iterable<SchemaObject>;
  readonly isDangling: (schema: SchemaObject) => boolean;
}

interface Condition {
  readonly type: 'Dangling';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Says in each schema's status whether its level is there (pkg/util/flowcontrol apf_controller.go, presyncFlowSchemaStatus). */
export class SchemaConditions {
  readonly #dependencies: SchemaConditionsDependencies;
  /** When each schema was last updated, the latest last. Monotonic milliseconds. */
  readonly #updates = new Map<string, readonly number[]>();
  readonly #signal: AbortSignal;
  #wanted = false;
  #running = false;
  #retryMs = retryMinMs;

  constructor(dependencies: SchemaConditionsDependencies, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#signal = signal;
  }

  /** Brings all statuses up to date, some time soon, one after another. */
  sync(): void {
    this.#wanted = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wanted && !this.#signal.aborted) {
      this.#wanted = false;
      const pauseMs = await this.#syncAll();
      if (pauseMs > 0) this.#dependencies.environment.clock.after(pauseMs, () => this.sync());
    }
    this.#running = false;
  }

  /** Returns after how many milliseconds to try again; 0: all is well. */
  async #syncAll(): Promise<number> {
    const { environment, schemas, isDangling } = this.#dependencies;
    let pauseMs = 0;
    for (const schema of [...schemas()]) {
      const condition = conditionOf(schema, isDangling(schema));
      if (this.#signal.aborted || isTold(schema, condition)) continue;
      if (!this.#mayUpdate(nameOf(schema))) {
        pauseMs ||= postponeMs + environment.random.next() * postponeSpreadMs;
        continue;
      }
      try {
        await this.#apply(nameOf(schema), condition);
        this.#retryMs = retryMinMs;
      } catch (error) {
        if (isStatus(error, 'NotFound') || this.#signal.aborted) continue;
        environment.log.warn('cannot set the status of a flow schema', { name: nameOf(schema), error });
        pauseMs = this.#retryMs;
        this.#retryMs = Math.min(2 * this.#retryMs, retryMaxMs);
        break;
      }
    }
    return pauseMs;
  }

  #mayUpdate(name: string): boolean {
    const now = this.#dependencies.environment.clock.monotonic();
    const recent = (this.#updates.get(name) ?? []).filter((at) => now - at <= minuteMs);
    if (recent.length >= updatesPerMinuteMax) return false;
    this.#updates.set(name, [...recent, now]);
    return true;
  }

  async #apply(name: string, condition: Condition): Promise<void> {
    const { environment, send } = this.#dependencies;
    const lastTransitionTime = timestamp(environment.clock.now());
    const body = {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name },
      status: { conditions: [{ ...condition, lastTransitionTime }] },
    };
    const path = `/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/${name}/status`;
    const contentType = 'application/apply-patch+yaml';
    await send({ method: 'PATCH', path, query: { fieldManager, force: 'true' }, contentType, body }, this.#signal);
  }
}

function conditionOf({ spec }: SchemaObject, dangling: boolean): Condition {
  const level = JSON.stringify(spec.priorityLevelConfiguration?.name ?? '');
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${level}`;
  return dangling
    ? { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${message} but there is no such object` }
    : { type: 'Dangling', status: 'False', reason: 'Found', message: `${message} and it exists` };
}

function isTold({ status }: SchemaObject, { type, ...wanted }: Condition): boolean {
  const told = status?.conditions?.find((condition) => condition.type === type);
  return told?.status === wanted.status && told.reason === wanted.reason && told.message === wanted.message;
}
