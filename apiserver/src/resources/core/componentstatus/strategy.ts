import type { ComponentStatus } from '@coracle/apimachinery/types/core-v1';
import type { Strategy } from '../../shared/registry.ts';
import { column, nameColumn } from '../../shared/table.ts';

/** Components that `kubectl get componentstatuses` has always listed. */
const components = ['controller-manager', 'etcd-0', 'scheduler'];

/** Made up on the spot: who can answer this has a healthy control plane in the same process (pkg/registry/core/componentstatus). */
export const componentStatusStrategy: Strategy<ComponentStatus> = {
  resource: { group: '', resource: 'componentstatuses' },
  generation: 'none',
  virtual: {
    get: (name) => (components.includes(name) ? healthy(name) : undefined),
    list: () => components.map(healthy),
  },
  table: {
    columns: [
      nameColumn,
      column('Status', 'string', 'Whether the component is healthy'),
      column('Message', 'string', 'What it says'),
      column('Error', 'string', 'What is wrong with it'),
    ],
    row: ({ metadata, conditions }) => {
      const condition = conditions?.find(({ type }) => type === 'Healthy');
      const status = condition === undefined ? 'Unknown' : condition.status === 'True' ? 'Healthy' : 'Unhealthy';
      return [metadata?.name, status, condition?.message ?? '', condition?.error ?? ''];
    },
  },
};

function healthy(name: string): ComponentStatus {
  return {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  };
}
