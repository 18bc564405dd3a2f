import { expect } from 'chai';
import { nextSteps } from './next-steps.ts';

describe('what to try next', () => {
  const selector = (namespace: string, labels: Record<string, string> = {}) => ({ namespace, labels });

  it('names a node group and a Fargate namespace that the cluster has', () => {
    const steps = nextSteps({
      nodeGroups: ['big', 'small'],
      fargateSelectors: [selector('jobs-*'), selector('any', { tier: '?' }), selector('batch', { tier: 'a', of: 'b' })],
    });
    expect(steps).to.include('kubectl scale nodegroup big --replicas=3');
    expect(steps).to.include('kubectl -n batch run job --image=… --labels=tier=a,of=b');
  });

  it('leaves out what the cluster has none of', () => {
    const steps = nextSteps({ nodeGroups: [], fargateSelectors: [selector('jobs-*')] });
    expect(steps).to.deep.equal(['kubectl get nodes -o wide']);
  });
});
