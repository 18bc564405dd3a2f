import type { ApiServer, ApiServerDependencies, ApiServerOptions } from './options.ts';

export type {
  AdmissionContext,
  ApiServer,
  ApiServerDependencies,
  ApiServerOptions,
  KubeletClientOptions,
  SecurityContext,
  ServiceAccountOptions,
} from './options.ts';

/** Puts a server together from its parts and starts it: the only place that knows all of them. */
export async function createApiServer(
  dependencies: ApiServerDependencies,
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const { composeApiServer } = await import('./compose.ts');
  return composeApiServer(dependencies, options);
}
