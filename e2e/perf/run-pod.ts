import {
  applicationImages,
  containerObstacle,
  loadApplicationImages,
  startTestCluster,
  upstreamObstacle,
} from '../support/index.ts';

/** Seconds from the start of `kubectl run` until the pod is Running, a pod each; or why that cannot be measured here. */
export type PodRuns = { readonly seconds: readonly number[] } | { readonly obstacle: string };

const podsMax = 5;

/**
 * Real nodes, real containers, an image that every node has already. The reference is not asked: it has no nodes here, and
 * its kubelet is not among the programs that are built.
 */
export async function measurePodRuns(): Promise<PodRuns> {
  const obstacle = containerObstacle() ?? upstreamObstacle('kubectl');
  if (obstacle !== undefined) return { obstacle };
  await using cluster = await startTestCluster({ runtime: 'containerd' });
  await loadApplicationImages(cluster);
  const seconds: number[] = [];
  while (seconds.length < podsMax) {
    const name = `run-${seconds.length}`;
    const started = performance.now();
    await cluster.kubectl('run', name, `--image=${applicationImages.tools}`, '--', 'sleep', '3600');
    await cluster.kubectl('wait', '--for=jsonpath={.status.phase}=Running', '--timeout=60s', `pod/${name}`);
    seconds.push((performance.now() - started) / 1000);
  }
  return { seconds };
}
