import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { connectionLimits, Connections } from './connections.ts';
import type { NodeResponse } from './write-response.ts';

const { answerMs, checkMs } = connectionLimits;

/** An HTTP/2 response, as far as it matters here, with how often it was cut off. */
function response(stream: { destroyed: boolean }) {
  const cutOff = { times: 0 };
  const out = Object.assign(new EventEmitter(), { stream, destroy: () => cutOff.times++ });
  return { cutOff, out: out as unknown as NodeResponse };
}

describe('the connections of a listener', () => {
  for (const [what, destroyed, times] of [
    ['cut off a client that does not take its answer', false, 1],
    ['do not wait for one that left before its answer', true, 0],
  ] as const) {
    it(what, async () => {
      const clock = createVirtualClock();
      const connections = new Connections(clock, connectionLimits);
      const { out, cutOff } = response({ destroyed });
      connections.begin({} as IncomingMessage, out);
      if (destroyed) out.emit('close');
      connections.expectTaken(out);
      await clock.advance(answerMs + checkMs / 2);
      expect(cutOff.times).to.equal(times);
      connections.stopped();
    });
  }
});
