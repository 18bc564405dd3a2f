import { systemClock, systemRandom, type Clock, type Random } from '@coracle/apimachinery/clock';
import { type Logger, silentLogger } from '@coracle/apimachinery/component';
import { type Client, createClient } from '@coracle/client/rest';
import { createLoopbackTransport, type Transport } from '@coracle/client/transport';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { UserInfo } from '../http/api-request.ts';
import type { ApiServer, ApiServerDependencies, ApiServerOptions } from '../options.ts';
import { createApiServer } from '../server.ts';
import { createMemoryStorage } from '../storage/index.ts';

export interface TestApiServerOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** Parts that replace the server's own. Default: everybody may do everything, and no admission. */
  readonly dependencies?: Partial<ApiServerDependencies>;
  readonly options?: ApiServerOptions;
}

export interface TestApiServer extends AsyncDisposable {
  readonly server: ApiServer;
  /** As `system:masters`. */
  readonly client: Client;
  readonly transport: Transport;
  /** As somebody else. */
  clientFor(user: Partial<UserInfo> & { readonly username: string }): Client;
  stop(): Promise<void>;
}

const admin: UserInfo = { username: 'test', groups: ['system:masters', 'system:authenticated'], extra: {} };

/** A whole API server over memory, without a socket, for tests of whatever talks to one. */
export async function startTestApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const environment = {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? silentLogger,
  };
  const storage = createMemoryStorage(environment);
  const everybody: Authenticator = { name: 'test', authenticate: () => ({ user: admin }) };
  const everything: Authorizer = { name: 'test', authorize: () => ({ decision: 'allow', reason: '' }) };
  const server = await createApiServer(
    {
      storage,
      environment,
      authenticators: () => [everybody],
      authorizers: () => [everything],
      admission: () => [],
      ...options.dependencies,
    },
    options.options,
  );
  await server.ready();
  const transportFor = (user: UserInfo) => createLoopbackTransport((request) => server.handle(request), user);
  const transport = transportFor(admin);
  const stop = async () => {
    await transport.close();
    await server.stop();
    await storage.close();
  };
  return {
    server,
    transport,
    client: createClient(transport),
    clientFor: (user) => createClient(transportFor({ groups: ['system:authenticated'], extra: {}, ...user })),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
