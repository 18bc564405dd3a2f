import * as http from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { type Ipv4Range, parseAddress, rangeContains } from '../../network/ipv4.ts';

/**
 * The addresses of hollow nodes and their pods, in this process only: no packet leaves it, whoever else has such
 * addresses on this machine. A hollow pod answers HTTP on every port, with its name.
 */
export interface HollowNetwork {
  add(address: string, podName: string): void;
  remove(address: string): void;
  /**
   * A connection to `address`; undefined where that is none of a hollow node or pod and the machine's network is to be
   * asked. Throws `connect ECONNREFUSED …` where nobody has the address.
   */
  connect(address: string, port: number): Duplex | undefined;
}

/** `ranges`: what nodes and pods get their addresses from. */
export function createHollowNetwork(ranges: readonly Ipv4Range[]): HollowNetwork {
  const podNames = new Map<string, string>();
  const callers = new WeakMap<object, string>();
  const server = http.createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' });
    response.end(callers.get(request.socket));
  });
  return {
    add: (address, podName) => void podNames.set(address, podName),
    remove: (address) => void podNames.delete(address),
    connect(address, port) {
      const number = parseAddress(address);
      if (number === undefined || !ranges.some((range) => rangeContains(range, number))) return undefined;
      const podName = podNames.get(address);
      if (podName === undefined) {
        const reason = 'hollow nodes only pretend to run containers: there are no logs, and nothing to enter';
        throw new Error(`connect ECONNREFUSED ${address}:${port} (${reason})`);
      }
      const [ours, theirs] = duplexPair();
      callers.set(theirs, podName);
      server.emit('connection', theirs);
      return ours;
    },
  };
}
