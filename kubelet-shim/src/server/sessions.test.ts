import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Container, RuntimeFailure, SessionFailure } from '../runtime/index.ts';
import { statusOfError } from '../streaming/session-status.ts';
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
        attach: () => Promise.reject(new RuntimeFailure('UNKNOWN', 'container is in CONTAINER_EXITED state')),
      },
    } as unknown as NodeServerDependencies;
  }

  const gone = 'container app not found in pod web_default';
  for (const [what, now, refusal] of [
    ['has ended', { id: 'c1', name: 'app', state: 'CONTAINER_EXITED' }, gone],
    ['is gone', undefined, gone],
    [
      'the runtime has just seen end',
      { id: 'c1', name: 'app', state: 'CONTAINER_RUNNING' },
      'rpc error: code = Unknown desc = container is in CONTAINER_EXITED state',
    ],
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
      assert.match(answer, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
      assert.equal(answer.split('\r\n\r\n')[1], refusal);
    });
  }

  it('end with what the runtime says of them, and with no more', () => {
    const message = 'Internal error occurred: error attaching to container: no running task found';
    assert.equal(statusOfError(new SessionFailure(message)).message, message);
  });
});
