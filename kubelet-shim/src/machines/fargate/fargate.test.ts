import type { Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import type { FargateProfile, FargateSelector } from '../../cloud/resources.ts';
import { fargateSizeRows } from '../../data/index.ts';
import { fargateAdmission } from './admission.ts';
import { matchesWildcard, matchProfile } from './profiles.ts';
import { refusalOf } from './refusal.ts';
import { capacityText, sizeFor } from './sizes.ts';

function profile(name: string, ...selectors: FargateSelector[]): FargateProfile {
  return { metadata: { name }, spec: { selectors } };
}

describe('Fargate profiles', () => {
  const wildcards: [pattern: string, text: string, matches: boolean][] = [
    ['prod', 'prod', true],
    ['prod', 'production', false],
    ['prod*', 'production', true],
    ['*-web', 'a-web-web', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*', '', true],
    ['a*b*c', 'a-b-b-d', false],
  ];
  for (const [pattern, text, matches] of wildcards) {
    it(`${pattern} ${matches ? 'takes' : 'leaves'} ${JSON.stringify(text)}`, () =>
      expect(matchesWildcard(pattern, text)).to.equal(matches));
  }

  const profiles = [
    profile('zeta', { namespace: 'shop' }),
    profile('beta', { namespace: 'shop', labels: { tier: 'web', 'app*': '*' } }),
    profile('any', { namespace: 'team-*' }, { namespace: 'x', labels: { a: 'b' } }),
  ];
  const pods: [name: string, namespace: string, labels: Record<string, string>, expected: string | undefined][] = [
    ['takes the first by name of those that match', 'shop', { tier: 'web', 'app.kubernetes.io/name': 'x' }, 'beta'],
    ['wants every label', 'shop', { tier: 'web' }, 'zeta'],
    [
      'lets the pod choose among them',
      'shop',
      { tier: 'web', app: 'x', 'eks.amazonaws.com/fargate-profile': 'zeta' },
      'zeta',
    ],
    ['ignores a choice that does not match', 'team-a', { 'eks.amazonaws.com/fargate-profile': 'zeta' }, 'any'],
    ['takes a pod that meets any of the selectors', 'x', { a: 'b' }, 'any'],
    ['leaves pods that none matches', 'x', {}, undefined],
  ];
  for (const [name, namespace, labels, expected] of pods) {
    it(name, () => expect(matchProfile(profiles, namespace, { metadata: { labels } })).to.equal(expected));
  }

  it('admits their pods to the pool, but none of a DaemonSet or with a scheduler of its own', async () => {
    const plugin = fargateAdmission({ readers: { list: async () => profiles as never[] } });
    const admit = async (pod: Pod) => {
      const resource = { group: '', version: 'v1', resource: 'pods' };
      const attributes = { resource, subresource: '', namespace: 'team-a', object: pod };
      if (plugin.handles(attributes)) await plugin.admit(attributes);
      return [pod.spec?.schedulerName, pod.metadata?.labels?.['eks.amazonaws.com/fargate-profile'], pod.spec?.priority];
    };
    const spec = { containers: [], schedulerName: 'default-scheduler' };
    expect(await admit({ metadata: {}, spec: { ...spec } })).to.deep.equal(['fargate-scheduler', 'any', 2_000_001_000]);
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: '1', controller: true }];
    expect(await admit({ metadata: { ownerReferences }, spec: { ...spec } })).to.deep.equal([
      'default-scheduler',
      undefined,
      undefined,
    ]);
    expect(await admit({ metadata: {}, spec: { ...spec, schedulerName: 'mine' } })).to.deep.equal([
      'mine',
      undefined,
      undefined,
    ]);
  });
});

describe('Fargate sizes', () => {
  it('are the 74 of AWS', () => {
    expect(fargateSizeRows.reduce((total, [, memories]) => total + memories.length, 0)).to.equal(74);
  });

  const container = (cpu?: string, memory?: string, restartPolicy?: string) => ({
    name: 'c',
    ...(restartPolicy && { restartPolicy }),
    resources: { requests: { ...(cpu && { cpu }), ...(memory && { memory }) } },
  });
  const cases: [name: string, spec: PodSpec, expected: string | undefined][] = [
    ['nothing asked for', { containers: [container()] }, '0.25vCPU 0.5GB'],
    ['256 MiB for the components', { containers: [container('250m', '512Mi')] }, '0.25vCPU 1GB'],
    ['memory that needs more processors', { containers: [container('1', '8Gi')] }, '2vCPU 9GB'],
    [
      'the sum of containers and sidecars',
      { containers: [container('1'), container('500m')], initContainers: [container('600m', '', 'Always')] },
      '4vCPU 8GB',
    ],
    [
      'an init container that needs more',
      { containers: [container('100m', '100Mi')], initContainers: [container('1', '2Gi')] },
      '1vCPU 3GB',
    ],
    ['the largest', { containers: [container('16', '119Gi')] }, '16vCPU 120GB'],
    ['too much', { containers: [container('16', '120Gi')] }, undefined],
  ];
  for (const [name, spec, expected] of cases) {
    it(`fit ${name}`, () => {
      const size = sizeFor({ spec });
      expect(size && capacityText(size)).to.equal(expected);
    });
  }
});

describe('Fargate refuses', () => {
  const cases: [name: string, spec: Partial<PodSpec>, expected: string | undefined][] = [
    ['nothing of an ordinary pod', { volumes: [{ name: 'v', emptyDir: {} }] }, undefined],
    [
      'the host’s namespaces and ports',
      {
        hostNetwork: true,
        hostPID: true,
        hostIPC: true,
        containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 1 }] }],
      },
      'Pod not supported on Fargate: fields not supported: HostNetwork, HostPID, HostIPC, port contains HostIP or HostPort',
    ],
    [
      'privileges',
      { containers: [{ name: 'c', securityContext: { privileged: true } }] },
      'Pod not supported on Fargate: invalid SecurityContext fields: Privileged',
    ],
    [
      'the host’s files',
      { volumes: [{ name: 'dockersock', hostPath: { path: '/x' } }] },
      'Pod not supported on Fargate: volumes not supported: dockersock is of an unsupported volume Type',
    ],
    [
      'claims that are not bound',
      {
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'late' } },
          { name: 'ok', persistentVolumeClaim: { claimName: 'bound' } },
        ],
      },
      'Pod not supported on Fargate: volumes not supported: data not supported because: PVC late not bound',
    ],
  ];
  for (const [name, spec, expected] of cases) {
    it(name, () =>
      expect(refusalOf({ spec: { containers: [], ...spec } }, (claim) => claim === 'bound')).to.equal(expected),
    );
  }
});
