/** What tests of flow control begin with. */
import { createVirtualClock } from '@coracle/client/testing';
import { mandatoryLevels, mandatorySchemas, suggestedLevels, suggestedSchemas } from '../bootstrap.ts';
import { Configuration } from '../configuration.ts';
import type { FlowObserver } from '../flow-counts.ts';
import type { LevelObject } from '../level.ts';

export const silentObserver: FlowObserver = { waited() {}, executed() {}, enqueued() {}, estimated() {} };

export const allLevels = () => [...mandatoryLevels(), ...suggestedLevels()];
export const allSchemas = () => [...mandatorySchemas(), ...suggestedSchemas()];

/** The configuration of every new cluster, at a clock that a test moves. */
export function testConfiguration(serverSeats = 600) {
  const clock = createVirtualClock();
  const configuration = new Configuration({ clock, serverSeats, observerOf: () => silentObserver, onIdle: () => {} });
  configuration.digest(allLevels(), allSchemas());
  return { clock, configuration };
}

export function limitedLevel(name: string, limited: NonNullable<LevelObject['spec']['limited']>): LevelObject {
  return { metadata: { name }, spec: { type: 'Limited', limited } };
}
