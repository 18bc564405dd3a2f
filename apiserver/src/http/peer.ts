import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from './api-request.ts';

const peers = new WeakMap<object, Peer>();

/** Who is at the other end of a connection. Reading a certificate is slow, so it is done once per connection. */
export function peerOf(socket: Socket): Peer {
  let peer = peers.get(socket);
  if (peer === undefined) {
    peer = describe(socket);
    peers.set(socket, peer);
  }
  return peer;
}

function describe(socket: Socket): Peer {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const tls = socket as TLSSocket;
  const certificate = tls.getPeerCertificate?.();
  if (certificate?.subject === undefined) return { address };
  // Client certificates are asked for, but a handshake does not fail for a bad one: that is a 401.
  if (!tls.authorized) return { address, certificateError: String(tls.authorizationError) };
  const subject = certificate.subject as unknown as Record<string, string | string[] | undefined>;
  return {
    address,
    certificate: {
      commonName: asList(subject['CN']).at(-1) ?? '',
      organizations: asList(subject['O']),
      raw: certificate.raw,
      expiresAt: Date.parse(certificate.valid_to),
      intermediates: issuersOf(tls.getPeerX509Certificate()),
    },
  };
}

function issuersOf(certificate: X509Certificate | undefined): X509Certificate[] {
  const issuers: X509Certificate[] = [];
  for (let issuer = certificate?.issuerCertificate; issuer !== undefined; issuer = issuer.issuerCertificate) {
    issuers.push(issuer);
  }
  return issuers;
}

function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
