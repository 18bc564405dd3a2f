import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { withoutTokens } from '../../http/token-protocol.ts';
import { bearerTokenOf } from './bearer-token.ts';

describe('bearer token', () => {
  const upgrade = { socket: new PassThrough(), head: new Uint8Array() };
  const carrier = (token: string | Buffer) =>
    `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
  const ofProtocols = (...protocols: string[]) =>
    bearerTokenOf({ headers: { 'sec-websocket-protocol': protocols.join(', ') }, upgrade });

  it('comes in the header, whatever the case of its scheme', () => {
    expect(bearerTokenOf({ headers: { authorization: ' bEaReR abc def' } })).to.equal('abc');
    expect(bearerTokenOf({ headers: { authorization: 'Basic abc' } })).to.equal(undefined);
    expect(bearerTokenOf({ headers: { 'sec-websocket-protocol': `${carrier('abc')}, v5` } })).to.equal(undefined);
  });

  it('comes among the protocols of a web socket, beside one that can be answered', () => {
    expect(ofProtocols('v5.channel.k8s.io', carrier('abc'))).to.equal('abc');
    expect(ofProtocols('v5.channel.k8s.io')).to.equal(undefined);
    expect(() => ofProtocols(carrier('abc'))).to.throw('missing additional subprotocol');
    expect(() => ofProtocols(carrier('a'), carrier('b'), 'v5')).to.throw('multiple base64.bearer');
    expect(() => ofProtocols(`${carrier('a')}=`, 'v5')).to.throw('token encoding');
    expect(() => ofProtocols(carrier(Buffer.from([0xff])), 'v5')).to.throw('invalid base64.bearer.authorization token');
  });

  it('is not passed on with the protocols', () => {
    expect(withoutTokens(`v5, ${carrier('abc')},v4`)).to.equal('v5, v4');
  });
});
