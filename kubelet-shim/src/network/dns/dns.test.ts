import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import type { Running } from '@coracle/apimachinery/component';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import { createInformers, type Informers } from '@coracle/client/informer';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import { parseNameServers } from './forwarder.ts';
import { startNameServer } from './index.ts';
import { readAddresses, readQuery, writeAnswer } from './message.ts';

const port = 15353;
const ready = { ready: true };

function slice(name: string, service: string, endpoints: object[], ports: object[]) {
  const metadata = { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } };
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4', endpoints, ports };
}

function service(name: string, spec: object) {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec };
}

describe('the name server', () => {
  const environment = testEnvironment();
  const resolver = new Resolver({ tries: 1 });
  let informers: Informers;
  let server: Running;

  before(async () => {
    const api = createMemoryApi();
    api.put('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const http = { name: 'http', port: 80, protocol: 'TCP' };
    api.put('services', service('web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [http] }));
    api.put(
      'services',
      service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ ...http, name: 'sql', port: 5432 }] }),
    );
    api.put('services', service('away', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }));
    api.put('services', service('many', { clusterIP: 'None', clusterIPs: ['None'] }));
    const members = [
      { addresses: ['10.244.0.5'], conditions: ready, hostname: 'db-0' },
      { addresses: ['10.244.0.6'], conditions: ready },
      { addresses: ['10.244.0.7'], conditions: { ready: false }, hostname: 'db-2' },
    ];
    api.put(
      'endpointslices.discovery.k8s.io',
      slice('db-1', 'db', members, [{ name: 'sql', port: 5432, protocol: 'TCP' }]),
    );
    const crowd = Array.from({ length: 200 }, (_, index) => ({ addresses: [`10.245.0.${index}`], conditions: ready }));
    api.put('endpointslices.discovery.k8s.io', slice('many-1', 'many', crowd, []));
    informers = createInformers({ client: createClient(api.transport), environment });
    server = await startNameServer(environment, informers, {
      address: '127.0.0.1',
      port,
      clusterDomain: 'cluster.local',
    });
    informers.for(Services);
    informers.for(EndpointSlices);
    await informers.start();
    resolver.setServers([`127.0.0.1:${port}`]);
  });
  after(async () => {
    await server.stop();
    await informers.stop();
  });

  const addresses: [name: string, expected: string[]][] = [
    ['web.shop.svc.cluster.local', ['10.96.0.7']],
    ['WEB.Shop.svc.cluster.local', ['10.96.0.7']],
    ['db.shop.svc.cluster.local', ['10.244.0.5', '10.244.0.6']],
    ['db-0.db.shop.svc.cluster.local', ['10.244.0.5']],
    ['10-244-0-6.db.shop.svc.cluster.local', ['10.244.0.6']],
    ['10-1-2-3.shop.pod.cluster.local', ['10.1.2.3']],
    ['away.shop.svc.cluster.local', ['10.96.0.7']],
  ];
  for (const [name, expected] of addresses) {
    it(`knows ${name}`, async () => expect((await resolver.resolve4(name)).toSorted()).to.deep.equal(expected));
  }

  const missing = [
    'no.shop.svc.cluster.local',
    'web.no.svc.cluster.local',
    'db-2.db.shop.svc.cluster.local',
    'x.cluster.local',
  ];
  for (const name of missing) {
    it(`knows that there is no ${name}`, async () => {
      const error = await resolver.resolve4(name).catch((caught: { code: string }) => caught.code);
      expect(error).to.equal('ENOTFOUND');
    });
  }

  it('knows names that have no such record', async () => {
    for (const name of ['web.shop.svc.cluster.local', 'shop.svc.cluster.local', 'svc.cluster.local']) {
      expect(await resolver.resolve6(name).catch((caught: { code: string }) => caught.code)).to.equal('ENODATA');
    }
  });

  it('knows ports of Services and of their endpoints', async () => {
    const weights = { priority: 0, weight: 50, port: 5432 };
    const [web] = await resolver.resolveSrv('_http._tcp.web.shop.svc.cluster.local');
    expect(web).to.include({ name: 'web.shop.svc.cluster.local', port: 80, priority: 0, weight: 100 });
    const [first, second] = (await resolver.resolveSrv('_sql._tcp.db.shop.svc.cluster.local')).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    expect(first).to.include({ name: '10-244-0-6.db.shop.svc.cluster.local', ...weights });
    expect(second).to.include({ name: 'db-0.db.shop.svc.cluster.local', ...weights });
  });

  it('knows whose an address is', async () => {
    expect(await resolver.reverse('10.96.0.7')).to.deep.equal(['web.shop.svc.cluster.local']);
    expect(await resolver.reverse('10.244.0.5')).to.deep.equal(['db-0.db.shop.svc.cluster.local']);
  });

  it('shows the alias itself to those who ask for it, and the version of the schema', async () => {
    expect(await resolver.resolveCname('away.shop.svc.cluster.local')).to.deep.equal(['web.shop.svc.cluster.local']);
    expect(await resolver.resolveTxt('dns-version.cluster.local')).to.deep.equal([['1.1.0']]);
  });

  it('answers by TCP what is too long for UDP', async () => {
    expect(await resolver.resolve4('many.shop.svc.cluster.local')).to.have.length(200);
  });

  it('ends connections that send nonsense and goes on serving', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.from([0, 3, 1, 2, 3]));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await resolver.resolve4('web.shop.svc.cluster.local')).to.have.length(1);
  });
});

describe('DNS messages', () => {
  const question = Buffer.from('00070100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex');

  it('are read back as they were written, names shortened', () => {
    const query = readQuery(question);
    if (query === undefined) throw new Error('not read');
    expect(query).to.include({ id: 7, name: 'www.example.com', type: 1, udpBytesMax: 512, recursionDesired: true });
    const answers = [1, 2].map((address) => ({ type: 'A' as const, address, name: query.name, ttlSeconds: 30 }));
    const message = writeAnswer(query, { code: 0, authoritative: true, answers });
    expect(message.length).to.equal(question.length + 2 * 16);
    expect(readAddresses(message, 'x').map((record) => record.type === 'A' && record.address)).to.deep.equal([1, 2]);
  });

  it('that end too early are no queries', () => {
    for (let length = 0; length < question.length; length++) {
      expect(readQuery(question.subarray(0, length))).to.equal(undefined);
    }
  });

  it('find name servers in resolv.conf', () => {
    const text = '# c\nnameserver 127.0.0.53\nsearch x\nnameserver 10.0.0.2\nnameserver oops\n';
    expect(parseNameServers(text, '10.0.0.2')).to.deep.equal(['127.0.0.53']);
  });
});
