import { expect } from 'chai';
import type { NodeDns } from '../node/options.ts';
import { podOf } from '../testing/index.ts';
import { dnsConfig, hostnameAndDomain, sandboxHostname } from './dns.ts';
import { nodeHosts, podHosts } from './hosts-file.ts';

const dns: NodeDns = {
  servers: ['10.96.0.10'],
  searches: ['ec2.internal'],
  nodeServers: ['192.0.2.53'],
  clusterDomain: 'cluster.local',
};

const clusterSearches = ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'ec2.internal'];
const cluster = { servers: ['10.96.0.10'], searches: clusterSearches, options: ['ndots:5'] };
const node = { servers: ['192.0.2.53'], searches: ['ec2.internal'], options: [] };

describe('dnsConfig', () => {
  for (const [name, spec, config] of [
    ['asks the cluster first', {}, cluster],
    ['asks the node where told to', { dnsPolicy: 'Default' }, node],
    ['asks the node on its network', { hostNetwork: true }, node],
    ['or the cluster all the same', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, cluster],
    [
      'takes the own settings alone',
      {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a'], options: [{ name: 'ndots', value: '2' }] },
      },
      { servers: ['1.1.1.1'], searches: ['a'], options: ['ndots:2'] },
    ],
    [
      'or adds them',
      { dnsConfig: { searches: ['a', 'cluster.local'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } },
      { ...cluster, searches: [...clusterSearches, 'a'], options: ['ndots:2', 'edns0'] },
    ],
  ] as const) {
    it(name, () => expect(dnsConfig(podOf(spec as object), dns)).to.deep.equal(config));
  }
});

describe('host names', () => {
  it("are the pod's name, cut where the kernel could not hold it", () => {
    expect(hostnameAndDomain(podOf({}), 'cluster.local')).to.deep.equal({ hostname: 'p', domain: '' });
    const long = podOf({}, { name: `${'a'.repeat(62)}-b` });
    expect(hostnameAndDomain(long, 'cluster.local').hostname).to.equal('a'.repeat(62));
  });

  it('have a domain where there is a subdomain, and show it where the pod wants that', () => {
    const pod = podOf({ hostname: 'h', subdomain: 'sub', setHostnameAsFQDN: true });
    expect(hostnameAndDomain(pod, 'cluster.local')).to.deep.equal({
      hostname: 'h',
      domain: 'sub.ns.svc.cluster.local',
    });
    expect(sandboxHostname(pod, 'cluster.local')).to.equal('h.sub.ns.svc.cluster.local');
  });

  it('that are too long as a whole are refused', () => {
    const pod = podOf({ hostname: 'h', subdomain: 's'.repeat(60), setHostnameAsFQDN: true });
    expect(() => sandboxHostname(pod, 'cluster.local')).to.throw('64 characters is the max');
  });
});

describe('/etc/hosts', () => {
  const aliases = [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }];

  it('names the pod and its aliases', () => {
    const lines = podHosts(['10.0.0.7'], 'h', 'sub.ns.svc.cluster.local', aliases).split('\n');
    expect(lines[0]).to.equal('# Kubernetes-managed hosts file.');
    expect(lines).to.include.members([
      '127.0.0.1\tlocalhost',
      '10.0.0.7\th.sub.ns.svc.cluster.local\th',
      '# Entries added by HostAliases.',
      '1.2.3.4\tfoo\tbar',
    ]);
  });

  it("is the node's with the aliases on its network", () => {
    const text = nodeHosts('127.0.0.1 localhost\n', aliases);
    expect(text.startsWith('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n')).to.equal(true);
    expect(text).to.contain('1.2.3.4\tfoo\tbar');
  });
});
