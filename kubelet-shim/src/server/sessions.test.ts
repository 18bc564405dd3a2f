import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Container } from '../runtime/index.ts';
import type { NodeServerDependencies } from './node-server.ts';
import { serveAttach } from './sessions.ts';

describe('sessions with containers', () => {
  /** A node that last saw the container running, and a runtime that says how it is now. */
  function nodeWith(now: Container | undefined): NodeServerDependencies {
    const seen = { id: 'c1', name: 'app', state: 'CONTAINER_RUNNING' };
    return {
      pods: { find: () => ({ observed: { containers: [seen], sandboxes: [] } }) },
      runtime: {
        containerStatus: async () => now,
        attach: () => assert.fail('attached to a container that has ended'),
      },
    } as unknown as NodeServerDependencies;
  }

  for (const [what, now] of [
    ['has ended', { id: 'c1', name: 'app', state: 'CONTAINER_EXITED' }],
    ['is gone', undefined],
  ] as const) {
    it(`a container that ${what} since it was last seen is refused before the upgrade`, async () => {
      const socket = new PassThrough();
      await serveAttach(nodeWith(now as Container | undefined), {
        socket,
        head: Buffer.alloc(0),
        request: { headers: {} } as IncomingMessage,
        segments: ['default', 'web', 'app'],
        query: new URLSearchParams('output=1'),
      });
      const answer = await text(socket);
      assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
      assert.match(answer, /container not found \("app"\)/);
    });
  }
});
