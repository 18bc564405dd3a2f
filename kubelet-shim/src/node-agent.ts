import type { Running } from '@coracle/apimachinery/component';
import type { NodeAgentDependencies, NodeAgentOptions } from './node/options.ts';

export type { NodeAgentDependencies, NodeAgentOptions, NodeDns, ServingOptions } from './node/options.ts';

/** Starts the agent of one node: registers it, keeps its lease, and runs the pods bound to it until stopped. */
export async function startNodeAgent(
  dependencies: NodeAgentDependencies,
  options: NodeAgentOptions,
): Promise<Running> {
  throw new Error(`the agent of ${options.nodeName} is not in this commit yet: ${String(dependencies.client)}`);
}
