import { createServer } from 'node:net';

/**
 * From 20000 up to the ports of NodePort Services. The kernel takes the port of an outgoing connection from 32768 on
 * (net.ipv4.ip_local_port_range): a port that it chose and gave back can be somebody's before the program listens.
 */
const [lowest, highest] = [20_000, 29_999];

const given = new Set<number>();

/** A port of 127.0.0.1 for a program that cannot choose one itself: nobody listens there, and no caller here gets it twice. */
export async function freePort(random: () => number = Math.random): Promise<number> {
  while (given.size <= highest - lowest) {
    const port = lowest + Math.floor(random() * (highest - lowest + 1));
    if (given.has(port)) continue;
    given.add(port);
    if (await listens(port)) return port;
  }
  throw new Error(`every port from ${lowest} to ${highest} was tried: end what listens there`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
