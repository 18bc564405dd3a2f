import { Deployments, Namespaces, Pods } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { policyOf, printViolations, violationsOf } from '../pod-security/policy.ts';
import { testAdmissionContext, writeOf } from '../testing/index.ts';
import { podSecurity } from './pod-security.ts';

type Spec = NonNullable<Pod['spec']>;

const hardened: Spec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
};
const plain: Spec = { containers: [{ name: 'c' }] };
const withContainer = (securityContext: object): Spec => ({ containers: [{ name: 'c', securityContext }] });

describe('PodSecurity', () => {
  const cases: [string, 'baseline' | 'restricted', Spec, string][] = [
    ['a hardened pod', 'restricted', hardened, ''],
    ['a plain pod', 'baseline', plain, ''],
    [
      'a plain pod',
      'restricted',
      plain,
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      'host namespaces',
      'baseline',
      { ...plain, hostNetwork: true, hostPID: true },
      'host namespaces (hostNetwork=true, hostPID=true)',
    ],
    [
      'a privileged container',
      'baseline',
      withContainer({ privileged: true }),
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      'baseline',
      withContainer({ capabilities: { add: ['SYS_TIME', 'CHOWN'] } }),
      'non-default capabilities (container "c" must not include "SYS_TIME" in securityContext.capabilities.add)',
    ],
    [
      'a host path',
      'baseline',
      { ...plain, volumes: [{ name: 'v', hostPath: { path: '/' } }] },
      'hostPath volumes (volume "v")',
    ],
    [
      'a host path',
      'restricted',
      { ...hardened, volumes: [{ name: 'v', hostPath: { path: '/' } }] },
      'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    ],
    [
      'a host port',
      'baseline',
      { containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80 }] }] },
      'hostPort (container "c" uses hostPort 80)',
    ],
    [
      'a sysctl',
      'baseline',
      { ...plain, securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'unconfined',
      'baseline',
      { ...plain, securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'proc',
      'baseline',
      withContainer({ procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    ['proc with users of its own', 'baseline', { ...withContainer({ procMount: 'Unmasked' }), hostUsers: false }, ''],
    [
      'SELinux',
      'baseline',
      { ...plain, securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } } },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
  ];
  for (const [name, level, spec, expected] of cases) {
    it(`${level}: ${name}`, () => {
      expect(printViolations(violationsOf({ level, version: 'latest' }, {}, spec))).to.equal(expected);
    });
  }

  it('asks of an older policy what it asked then', () => {
    const probed: Spec = { containers: [{ name: 'c', livenessProbe: { tcpSocket: { host: '1.2.3.4', port: 1 } } }] };
    expect(violationsOf({ level: 'baseline', version: 'v1.33' }, {}, probed)).to.have.length(0);
    expect(violationsOf({ level: 'baseline', version: 'v1.99' }, {}, probed)).to.have.length(1);
  });

  it('reads the labels of a namespace', () => {
    const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;
    expect(policyOf({ [label('enforce')]: 'baseline', [label('enforce-version')]: 'v1.20' }).policy).to.deep.equal({
      enforce: { level: 'baseline', version: 'v1.20' },
      audit: { level: 'privileged', version: 'latest' },
      warn: { level: 'baseline', version: 'v1.20' },
    });
    const { policy, errors } = policyOf({ [label('enforce')]: 'strict' });
    expect(policy.enforce.level).to.equal('restricted');
    expect(errors[0]?.detail).to.equal('must be one of privileged, baseline, restricted');
  });

  describe('in a cluster', () => {
    let context: ReturnType<typeof testAdmissionContext>;
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const run = async (write: Parameters<typeof writeOf>[0]) => {
      const warnings: string[] = [];
      const attributes = { ...writeOf(write), warn: (text: string) => warnings.push(text) };
      const plugin = podSecurity(context);
      if (plugin.handles?.(attributes)) await plugin.validate?.(attributes);
      return warnings;
    };
    const pod = (name: string): Pod => ({ metadata: { name, namespace: 'ns' }, spec: plain });

    beforeEach(() => {
      context = testAdmissionContext();
      context.readers.set(Namespaces, { metadata: { name: 'ns', labels } });
    });

    it('refuses pods, and warns of controllers that would make such', async () => {
      const refused = await run({ resource: Pods, object: pod('p') }).catch((error: Error) => error.message);
      expect(refused).to.match(
        /^pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false/,
      );
      const object = {
        metadata: { name: 'd', namespace: 'ns' },
        spec: { template: { spec: plain } },
      } as KubernetesObject;
      expect((await run({ resource: Deployments, object }))[0]).to.match(
        /^would violate PodSecurity "restricted:latest"/,
      );
    });

    it('lets a pod that is there change what does not matter', async () => {
      const old = pod('p');
      expect(
        await run({
          resource: Pods,
          operation: 'UPDATE',
          old,
          object: { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } },
        }),
      ).to.deep.equal([]);
    });

    it('tells who makes the rules stricter which pods break them', async () => {
      context.readers.set(Pods, pod('p1'), pod('p2'));
      const namespace = { metadata: { name: 'ns' } };
      const warnings = await run({
        resource: Namespaces,
        operation: 'UPDATE',
        old: namespace,
        object: { metadata: { name: 'ns', labels } },
      });
      expect(warnings).to.deep.equal([
        'existing pods in namespace "ns" violate the new PodSecurity enforce level "restricted:latest"',
        'p1 (and 1 other pod): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile',
      ]);
    });
  });
});
