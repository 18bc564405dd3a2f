import { isStatus } from '@coracle/apimachinery/errors';
import { CustomResourceDefinitions, EndpointSlices } from '@coracle/apimachinery/resources';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import type { Client } from '@coracle/client/rest';
import { customResources } from './custom-resources.ts';

const fieldManager = 'coracle-cloud';

/** Applies the definitions of the cloud's resources; resolves once the server serves them. */
export async function installCustomResources(client: Client, signal: AbortSignal): Promise<void> {
  await Promise.all(
    customResources.map(async (definition) => {
      const name = definition.metadata?.name ?? '';
      const applied = await client.patch(
        CustomResourceDefinitions,
        { name },
        { type: 'apply', body: definition, force: true },
        { fieldManager },
      );
      if (!isEstablished(applied)) await established(client, applied, signal);
    }),
  );
}

async function established(client: Client, definition: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
  const { name = '', resourceVersion = '' } = definition.metadata ?? {};
  const done = new AbortController();
  const options = { fieldSelector: `metadata.name=${name}`, resourceVersion };
  try {
    for await (const event of client.watch(
      CustomResourceDefinitions,
      options,
      AbortSignal.any([signal, done.signal]),
    )) {
      if (event.type !== 'BOOKMARK' && isEstablished(event.object)) return;
    }
  } finally {
    done.abort();
  }
  throw new Error(`${name} was not established: the watch for it ended`);
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') ?? false;
}

/** Puts this process' name server behind the Service `kube-system/kube-dns`. */
export async function installNameServer(client: Client, address: string): Promise<void> {
  const name = 'kube-dns-coracle';
  const body = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { 'kubernetes.io/service-name': 'kube-dns', 'endpointslice.kubernetes.io/managed-by': fieldManager },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ],
  };
  try {
    await client.patch(
      EndpointSlices,
      { namespace: 'kube-system', name },
      { type: 'apply', body, force: true },
      { fieldManager },
    );
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
    throw new Error('the namespace kube-system is missing: the name server has no Service to stand behind', {
      cause: error,
    });
  }
}
