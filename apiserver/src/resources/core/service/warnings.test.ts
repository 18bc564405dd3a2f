import { expect } from 'chai';
import type { ServiceSpec } from '@coracle/apimachinery/types/core-v1';
import { serviceWarnings } from './warnings.ts';

describe('warnings about a Service', () => {
  const cases: [sentence: string, spec: ServiceSpec, expected: string[]][] = [
    ['none of a usual one', { type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] }, []],
    [
      'a headless one has no balancer and no affinity',
      { type: 'ClusterIP', clusterIP: 'None', loadBalancerIP: '192.0.2.1', sessionAffinity: 'ClientIP' },
      ['spec.loadBalancerIP is ignored for headless services', 'spec.SessionAffinity is ignored for headless services'],
    ],
    [
      'addresses from outside are deprecated',
      { type: 'ClusterIP', externalIPs: ['192.0.2.1'] },
      ['spec.externalIPs is deprecated and may no longer be implemented in some clusters'],
    ],
    [
      'a name elsewhere has none',
      { type: 'ExternalName', externalName: 'a', externalIPs: ['192.0.2.1'] },
      ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
    ],
  ];
  for (const [sentence, spec, expected] of cases) {
    it(sentence, () => expect(serviceWarnings({ spec })).to.deep.equal(expected));
  }
});
