import type { Environment } from '@coracle/apimachinery/component';
import type { Readers } from '../registry/readers.ts';
import type { SendOwnRequest } from '../system/own-requests.ts';
import type { PriorityAndFairness } from './flow-control.ts';
import { keepObjects } from './keep-objects.ts';
import { SchemaConditions } from './schema-conditions.ts';

export interface StartFlowControlDependencies {
  readonly environment: Environment;
  readonly readers: Readers;
  readonly send: SendOwnRequest;
}

/** How often the objects are looked after. Milliseconds. */
const keepIntervalMs = 60_000;
/** And how soon again where that failed. */
const keepRetryMs = 1000;

/** Resolves once the cluster has its flow schemas and priority levels and they are in force; then goes on keeping them. */
export async function startFlowControl(
  flowControl: PriorityAndFairness,
  { environment, readers, send }: StartFlowControlDependencies,
  signal: AbortSignal,
): Promise<void> {
  const keep = async (): Promise<void> => {
    let pauseMs = keepIntervalMs;
    try {
      await keepObjects(readers, send, signal);
    } catch (error) {
      pauseMs = keepRetryMs;
      if (!signal.aborted) environment.log.warn('cannot keep the objects of flow control', { error });
    }
    void environment.clock.sleep(pauseMs, signal).then(keep, () => {});
  };
  await keep();
  const conditions = new SchemaConditions(
    {
      environment,
      send,
      schemas: () => flowControl.schemas,
      isDangling: (schema) => flowControl.configuration.isDangling(schema),
    },
    signal,
  );
  flowControl.onDigest(() => conditions.sync());
  await flowControl.start(readers, signal);
}
