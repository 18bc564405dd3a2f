import type { Handler } from './routes.ts';

/** `GET /pods`: what the node runs, as a PodList with the agent's own view of their statuses. */
export const servePods: Handler = ({ pods }, { response }) => {
  const items = [...pods.workers].map(({ pod, status }) => ({ ...pod, status }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }));
};
