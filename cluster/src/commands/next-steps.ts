import type { ClusterPools } from '../state/index.ts';

/** Commands for somebody who has a cluster for the first time, about what this cluster has. */
export function nextSteps({ nodeGroups, fargateSelectors }: ClusterPools): readonly string[] {
  const exact = fargateSelectors.find(({ namespace, labels }) => !/[*?]/.test(namespace + JSON.stringify(labels)));
  return [
    'kubectl get nodes -o wide',
    ...nodeGroups
      .slice(0, 1)
      .flatMap((name) => [
        'kubectl create deployment web --image=… --replicas=2',
        `kubectl scale nodegroup ${name} --replicas=3`,
      ]),
    ...(exact === undefined ? [] : [`kubectl -n ${exact.namespace} run job --image=…${labelsFlag(exact.labels)}`]),
  ];
}

function labelsFlag(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '' : ` --labels=${pairs.join(',')}`;
}
