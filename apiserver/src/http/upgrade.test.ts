import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { refuseUpgrade } from './upgrade.ts';

describe('an upgrade that is refused', () => {
  it('is answered with all that the answer has, a line for each cookie', async () => {
    const socket = new PassThrough();
    const body = { type: 'bytes', chunks: [Buffer.from('no')] } as const;
    const response = { status: 401, headers: { 'x-why': 'because' }, cookies: ['a=1', 'b=2'], body };
    await refuseUpgrade(response, { method: 'GET' } as IncomingMessage, socket);
    expect((await text(socket)).split('\r\n')).to.deep.equal([
      'HTTP/1.1 401 Unauthorized',
      ...['x-why: because', 'set-cookie: a=1', 'set-cookie: b=2', 'content-length: 2', 'connection: close', '', 'no'],
    ]);
  });
});
