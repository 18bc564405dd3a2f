import { spawnSync } from 'node:child_process';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { Endpoint, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { expect } from 'chai';
import { chooseEndpoints } from './choose-endpoints.ts';
import { compilePorts, type ProxyView, type RulePiece } from './compile.ts';
import { servicePorts } from './service-ports.ts';
import { staleFlows } from './stale-flows.ts';
import { frameScript, ServiceTable } from './table.ts';

const nodeA: ProxyView = { nodeName: 'a', zone: 'za', clusterPods: '10.244.0.0/14' };
const host: ProxyView = { nodeName: '', zone: '', clusterPods: '10.244.0.0/14' };

function service(spec: Service['spec'], balancer?: string): Service {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    ...(balancer && { status: { loadBalancer: { ingress: [{ ip: balancer }] } } }),
  };
}

function slice(...endpoints: Endpoint[]): EndpointSlice {
  return {
    addressType: 'IPv4',
    endpoints,
    ports: [
      { port: 8080, protocol: 'TCP' },
      { name: 'd', port: 53, protocol: 'UDP' },
    ],
  };
}

const onA: Endpoint = { addresses: ['10.244.0.5'], nodeName: 'a', conditions: { ready: true } };
const onB: Endpoint = { addresses: ['10.244.1.6'], nodeName: 'b', conditions: { ready: true } };
const leavingA: Endpoint = {
  addresses: ['10.244.0.9'],
  nodeName: 'a',
  conditions: { ready: false, serving: true, terminating: true },
};

/** Elements as `set key → where the chains finally send it`. */
function picture(piece: RulePiece): string[] {
  const plain = (verdict: string): string => verdict.replace(/-[0-9a-f]{8}-\w+/g, '');
  return piece.elements
    .filter(({ set }) => set !== 'cluster_ips')
    .map(({ set, key, value }) => `${set} ${key}${value && ` → ${plain(value)}`}`);
}

function compile(spec: Service['spec'], endpoints: Endpoint[], view = nodeA, balancer?: string): RulePiece {
  return compilePorts(servicePorts(service(spec, balancer), [slice(...endpoints)]), view);
}

function chain(piece: RulePiece, prefix: string): readonly string[] {
  return [...piece.chains].find(([name]) => name.startsWith(`${prefix}-`))?.[1] ?? [];
}

describe('endpoints of a Service', () => {
  const cases: [name: string, endpoints: Endpoint[], cluster: string[], local: string[]][] = [
    ['are those that are ready', [onA, onB, leavingA], ['10.244.0.5', '10.244.1.6'], ['10.244.0.5']],
    ['are those that still serve, where none is ready', [leavingA], ['10.244.0.9'], ['10.244.0.9']],
    [
      'follow hints where all have them',
      [
        { ...onA, hints: { forZones: [{ name: 'za' }] } },
        { ...onB, hints: { forZones: [{ name: 'zb' }] } },
      ],
      ['10.244.0.5'],
      ['10.244.0.5'],
    ],
    [
      'ignore hints where one has none',
      [{ ...onB, hints: { forZones: [{ name: 'za' }] } }, onA],
      ['10.244.0.5', '10.244.1.6'],
      ['10.244.0.5'],
    ],
  ];
  for (const [name, endpoints, cluster, local] of cases) {
    it(name, () => {
      const [port] = servicePorts(service({}), [slice(...endpoints)]);
      const chosen = chooseEndpoints({ endpoints: port?.endpoints ?? [] }, 'a', 'za');
      expect(chosen.cluster.map(({ address }) => address)).to.deep.equal(cluster);
      expect(chosen.local.map(({ address }) => address)).to.deep.equal(local);
    });
  }

  it('are none for Services that have nothing to proxy', () => {
    for (const spec of [{ clusterIP: 'None' }, { type: 'ExternalName', clusterIP: '' }]) {
      expect(servicePorts(service(spec), [slice(onA)])).to.deep.equal([]);
    }
  });
});

describe('rules of a Service', () => {
  const nodePort = { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] };
  const balancer = { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }] };
  const cases: [name: string, piece: RulePiece, expected: string[]][] = [
    [
      'lead its address to all endpoints',
      compile({}, [onA, onB]),
      ['services 10.96.0.7 . tcp . 80 → goto all', 'hairpins 10.244.0.5 . 10.244.0.5'],
    ],
    ['refuse without endpoints', compile({}, []), ['unserved 10.96.0.7 . tcp . 80 → goto refuse']],
    [
      'drop where the policy is Local and endpoints are elsewhere',
      compile({ internalTrafficPolicy: 'Local' }, [onB]),
      ['unserved 10.96.0.7 . tcp . 80 → drop'],
    ],
    [
      'open a node port',
      compile(nodePort, [onB]),
      ['services 10.96.0.7 . tcp . 80 → goto all', 'node_ports tcp . 30080 → goto external'],
    ],
    [
      'of policy Local let only this node and pods on to other nodes',
      compile({ ...balancer, externalTrafficPolicy: 'Local' }, [onB], nodeA, '10.0.255.1'),
      [
        'services 10.96.0.7 . tcp . 80 → goto all',
        'services 10.0.255.1 . tcp . 80 → goto external',
        'unserved 10.0.255.1 . tcp . 80 → drop',
        'node_ports tcp . 30080 → goto external',
        'unserved_ports tcp . 30080 → drop',
      ],
    ],
    [
      'on the host balance loads of either policy',
      compile({ ...balancer, externalTrafficPolicy: 'Local' }, [onB], host, '10.0.255.1'),
      [
        'services 10.96.0.7 . tcp . 80 → goto all',
        'services 10.0.255.1 . tcp . 80 → goto all',
        'hairpins 10.244.1.6 . 10.244.1.6',
      ],
    ],
    [
      'answer on external addresses',
      compile({ externalIPs: ['192.0.2.1'] }, [onB]),
      ['services 10.96.0.7 . tcp . 80 → goto all', 'services 192.0.2.1 . tcp . 80 → goto external'],
    ],
  ];
  for (const [name, piece, expected] of cases) it(name, () => expect(picture(piece)).to.deep.equal(expected));

  it('choose evenly', () => {
    expect(chain(compile({}, [onB, onA]), 'all')).to.deep.equal([
      'meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.244.0.5 . 8080, 1 : 10.244.1.6 . 8080 }',
    ]);
  });

  it('on the host lead to where an endpoint was moved to', () => {
    const moved = new Map([['10.244.1.6 . 8080', '127.0.0.1 . 16443']]);
    const rules = chain(compile({}, [onB, onA], { ...host, moved }), 'all');
    expect(rules[0]).to.contain('map { 0 : 10.244.0.5 . 8080, 1 : 127.0.0.1 . 16443 }');
  });

  it('keep a client at its endpoint', () => {
    const piece = compile(
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } },
      [onA],
    );
    const [set, declaration] = [...piece.sets][0] ?? [];
    expect(declaration).to.equal('{ type ipv4_addr; flags dynamic,timeout; timeout 60s; }');
    const entry = piece.elements.find(({ set }) => set === 'services')?.value.replace('goto ', '') ?? '';
    expect(piece.chains.get(entry)?.[0]).to.match(new RegExp(`^ip saddr @${set} goto all-`));
  });

  it('let only named sources to a load balancer', () => {
    const piece = compile({ ...balancer, loadBalancerSourceRanges: ['192.0.2.0/24'] }, [onB], nodeA, '10.0.255.1');
    expect(picture(piece)).to.include('services 10.0.255.1 . tcp . 80 → goto guard');
    expect(chain(piece, 'guard')[0]).to.equal('ip saddr != { 192.0.2.0/24 } drop');
  });
});

describe('a table of Services', () => {
  const two = compile({ externalIPs: ['192.0.2.1'] }, [onA, onB]);
  const one = compile({ externalIPs: ['192.0.2.1'] }, [onA]);

  it('changes only what changed', () => {
    const table = new ServiceTable('t');
    expect(table.replace(new Map([['default/web', two]]))).to.contain(
      'add element ip t services { 10.96.0.7 . tcp . 80 :',
    );
    expect(table.replace(new Map([['default/web', two]]))).to.equal('');
    const script = table.replace(new Map([['default/web', one]]));
    expect(script)
      .to.contain('flush chain ip t all-')
      .and.contain('numgen random mod 1 map')
      .and.not.contain('element');
  });

  it('gives an address that two Services claim to the second once the first is gone', () => {
    const table = new ServiceTable('t');
    table.replace(new Map([['x', two]]));
    const rival = {
      ...one,
      elements: [{ set: 'services', key: '192.0.2.1 . tcp . 80', value: 'goto rival' }],
    } as RulePiece;
    expect(table.replace(new Map([['y', rival]]))).to.not.contain('element');
    const script = table.replace(new Map([['x', undefined]]));
    expect(script).to.contain('delete element ip t services { 192.0.2.1 . tcp . 80 }');
    expect(script).to.contain('add element ip t services { 192.0.2.1 . tcp . 80 : goto rival }');
  });

  it('is what nft takes, from nothing and through every change', function () {
    if (
      process.getuid?.() !== 0 ||
      spawnSync('nft', ['--version']).error ||
      spawnSync('unshare', ['-n', 'true']).status !== 0
    )
      this.skip();
    const sticky = compile({ sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.1'] }, [onA, onB]);
    const table = new ServiceTable('coracle');
    const frame = {
      name: 'coracle',
      address: '10.0.0.4',
      routed: [''],
      local: [''],
      serviceCidr: '10.96.0.0/12',
      agent: { host: '10.0.0.1', port: 10301 },
    };
    const scripts = [frameScript(frame)];
    for (const piece of [two, one, sticky, compile({}, []), two, undefined])
      scripts.push(table.replace(new Map([['w', piece]])));
    const shell = scripts.map((script) => `nft -f - <<'END' || exit 1\n${script}END\n`).join('');
    const { status, stderr, stdout } = spawnSync('unshare', ['-n', 'sh', '-c', `${shell} nft list ruleset`], {
      encoding: 'utf8',
    });
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.contain('chain dispatch').and.not.contain('10.96.0.7').and.not.contain('chain all-');
  });
});

describe('flows to forget', () => {
  const udp = (endpoints: Endpoint[]) =>
    servicePorts(service({ ports: [{ name: 'd', port: 53, protocol: 'UDP' }] }), [slice(...endpoints)]);
  const cases: [name: string, before: Endpoint[], after: Endpoint[], expected: string[]][] = [
    [
      'are those to endpoints that went',
      [onA, onB],
      [onB],
      ['-p udp --orig-dst 10.96.0.7 --orig-port-dst 53 --dst-nat 10.244.0.5'],
    ],
    [
      'are all to a Service that gets its first endpoint',
      [],
      [onA],
      ['-p udp --orig-dst 10.96.0.7 --orig-port-dst 53'],
    ],
    ['are none where endpoints only come', [onA], [onA, onB], []],
    [
      'are none while an endpoint still serves',
      [{ ...leavingA, conditions: { ready: true } }, onB],
      [leavingA, onB],
      [],
    ],
  ];
  for (const [name, before, after, expected] of cases) {
    it(name, () =>
      expect(staleFlows(udp(before), udp(after)).map((filter) => filter.join(' '))).to.deep.equal(expected),
    );
  }
});
