import 'reflect-metadata';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { expect } from 'chai';
import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { createServingPair } from '../testing/serving-pair.ts';
import { type Listener, startListener } from './listener.ts';

/** More than all buffers on the way take; the memory of one piece. */
const chunks = Array<Uint8Array>(128).fill(new Uint8Array(256 * 1024));

describe('an answer', () => {
  let clock: VirtualClock;
  let listener: Listener;
  let ca: string;
  let sent: Promise<void>;
  let isSent: boolean;

  beforeEach(async () => {
    const { cert, key } = await createServingPair();
    ca = cert;
    clock = createVirtualClock();
    const over = Promise.withResolvers<void>();
    sent = over.promise;
    isSent = false;
    const options = { host: '127.0.0.1', port: 0, tls: { certificate: cert, key } };
    const handle = async (incoming: { whenSent?: (callback: () => void) => void }) => {
      incoming.whenSent?.(() => {
        isSent = true;
        over.resolve();
      });
      return { status: 200, body: { type: 'bytes', chunks } } as const;
    };
    listener = await startListener(options, handle, clock);
  });
  afterEach(async () => {
    const stopped = listener.stop();
    await clock.advance(10_000);
    await stopped;
  });

  const clients = {
    'HTTP/1.1': async () => {
      const sending = request({ host: '127.0.0.1', port: listener.port, ca, agent: false });
      const [response] = await once(sending.end(), 'response');
      return { answer: response, end: () => sending.destroy() };
    },
    'HTTP/2': async () => {
      const session = connect(`https://127.0.0.1:${listener.port}`, { ca });
      const answer = session.request({ ':path': '/' });
      await once(answer, 'response');
      return { answer, end: () => session.destroy() };
    },
  };

  for (const [protocol, ask] of Object.entries(clients)) {
    it(`is sent once a client over ${protocol} has taken it`, async () => {
      const { answer, end } = await ask();
      answer.resume();
      await sent;
      end();
    });

    it(`is not waited for longer than a minute over ${protocol}`, async () => {
      const { answer, end } = await ask();
      answer.on('error', () => {});
      await clock.advance(59_000);
      expect(isSent).to.equal(false);
      await clock.advance(10_000);
      await sent;
      end();
    });

    it(`is over when a client over ${protocol} goes`, async () => {
      const { end } = await ask();
      end();
      await sent;
    });
  }
});
