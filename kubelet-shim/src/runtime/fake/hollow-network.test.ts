import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { parseRange } from '../../network/ipv4.ts';
import { createHollowNetwork } from './hollow-network.ts';

function get(network: ReturnType<typeof createHollowNetwork>, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const createConnection = () => network.connect(host, 8080);
    const request = http.get({ host, port: 8080, createConnection }, (answer) => resolve(text(answer)));
    request.on('error', reject);
  });
}

describe('the network of hollow nodes', () => {
  it('has pods that answer with their name', async () => {
    const network = createHollowNetwork([parseRange('10.244.0.0/14')]);
    network.add('10.244.0.1', 'web-1');
    network.add('10.244.0.2', 'web-2');
    expect(await Promise.all(['10.244.0.1', '10.244.0.2'].map((host) => get(network, host)))).to.deep.equal([
      'web-1',
      'web-2',
    ]);
  });
  it('refuses an address of its own that no pod has, and leaves others to the machine', () => {
    const network = createHollowNetwork([parseRange('10.244.0.0/14')]);
    network.add('10.244.0.1', 'web-1');
    network.remove('10.244.0.1');
    expect(() => network.connect('10.244.0.1', 80)).to.throw('connect ECONNREFUSED 10.244.0.1:80');
    expect(network.connect('192.0.2.1', 80)).to.equal(undefined);
    expect(network.connect('example.com', 80)).to.equal(undefined);
  });
});
