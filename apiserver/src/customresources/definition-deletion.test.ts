import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { CustomResourceDefinitions } from '@coracle/apimachinery/resources';
import type { Client } from '@coracle/client/rest';
import { expect } from 'chai';
import { startTestApiServer } from '../testing/index.ts';
import { cleanupFinalizer } from './definition-strategy.ts';

const name = 'widgets.example.com';
const ownFinalizer = 'example.com/mine';

function definition(): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name, finalizers: [ownFinalizer] },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
}

/** The definition once its objects are gone. */
async function cleanedUp(client: Client): Promise<CustomResourceDefinition> {
  for (;;) {
    const seen = await client.get(CustomResourceDefinitions, { name });
    if (seen.metadata?.finalizers?.includes(cleanupFinalizer) === false) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('deletion of a custom resource definition', () => {
  it('cleans up once and then waits for the finalizers of others', async () => {
    await using api = await startTestApiServer();
    await api.client.create(CustomResourceDefinitions, definition());
    await api.client.delete(CustomResourceDefinitions, { name });
    const before = await cleanedUp(api.client);
    // Enough for another round, if there were one.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    const after = await api.client.get(CustomResourceDefinitions, { name });
    expect(after.metadata?.resourceVersion).to.equal(before.metadata?.resourceVersion);
    expect(after.metadata?.finalizers).to.deep.equal([ownFinalizer]);
    expect(after.status?.conditions?.find(({ type }) => type === 'Terminating')).to.include({
      status: 'False',
      reason: 'InstanceDeletionCompleted',
    });
  });
});
