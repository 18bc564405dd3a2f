import { expect } from 'chai';
import { HorizontalPodAutoscalers } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of autoscaling', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const scaler = (name: string, spec: object) => ({ metadata: { name, namespace }, spec }) as object;
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };

  it('measure the processor where nothing else is asked', async () => {
    const made = await api.client.create(HorizontalPodAutoscalers, scaler('a', { scaleTargetRef, maxReplicas: 3 }));
    expect(made.spec?.minReplicas).to.equal(1);
    const target = { type: 'Utilization', averageUtilization: 80 };
    expect(made.spec?.metrics).to.deep.equal([{ type: 'Resource', resource: { name: 'cpu', target } }]);
  });

  it('refuse what cannot be scaled', async () => {
    const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 3, maxReplicas: 2 };
    expect(await causesOf(api.client.create(HorizontalPodAutoscalers, scaler('b', spec)))).to.deep.equal([
      'spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`',
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ]);
  });
});
