import { expect } from 'chai';
import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { Container, Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { setPodDefaults } from '../pod/pod-defaults.ts';
import { podErrors, podStatusErrors, podUpdateErrors, resizeErrors } from './index.ts';

type Change = (spec: PodSpec, container: Container) => void;

function podWith(change: Change = () => {}): Pod {
  const container: Container = { name: 'c', image: 'nginx' };
  const spec: PodSpec = { containers: [container] };
  change(spec, container);
  const pod: Pod = { metadata: { name: 'p', namespace: 'd' }, spec };
  setPodDefaults(pod);
  for (const { ports } of spec.containers) for (const port of ports ?? []) port.protocol ??= 'TCP';
  return pod;
}

describe('pod validation', () => {
  it('has nothing against a pod that uses a bit of everything', () => {
    const pod = podWith((spec, container) => {
      spec.volumes = [
        { name: 'e', emptyDir: {} },
        {
          name: 'p',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token' } },
              { configMap: { name: 'm', items: [{ key: 'k', path: 'a/b' }] } },
            ],
          },
        },
        { name: 'd', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ];
      spec.serviceAccountName = 'default';
      spec.tolerations = [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 3 }];
      spec.initContainers = [
        { name: 'i', image: 'x', restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
      ];
      spec.topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }];
      container.env = [
        { name: 'N', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['a/b']" } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
      ];
      container.volumeMounts = [{ name: 'e', mountPath: '/e', subPath: 'x' }];
      container.resources = { limits: { cpu: '1', 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' } };
      container.livenessProbe = { httpGet: { port: 'http' } };
    });
    expect(podErrors(pod, true).map(fieldErrorText)).to.deep.equal([]);
  });

  const cases: readonly (readonly [change: Change, ...errors: string[]])[] = [
    [(spec) => (spec.containers = []), 'spec.containers: Required value'],
    [(_, c) => (c.image = ''), 'spec.containers[0].image: Required value'],
    [
      (_, c) => (c.name = 'Ä'),
      'spec.containers[0].name: Invalid value: "Ä": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or ' +
        "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
    [(spec) => spec.containers.push({ name: 'c', image: 'x' }), 'spec.containers[1].name: Duplicate value: "c"'],
    [
      (spec) => (spec.restartPolicy = 'Never!'),
      'spec.restartPolicy: Unsupported value: "Never!": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      (_, c) => (c.volumeMounts = [{ name: 'v', mountPath: '/' }]),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      (_, c) => (c.resources = { requests: { cpu: '2' }, limits: { cpu: '1' } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      (_, c) => (c.resources = { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } }),
      'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
    ],
    [(_, c) => (c.livenessProbe = {}), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    [
      (_, c) => (c.env = [{ name: 'a', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }]),
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", ' +
        '"metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", ' +
        '"status.podIP", "status.podIPs"',
    ],
    [
      (spec) => (spec.volumes = [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }]),
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    [
      (spec) => (spec.initContainers = [{ name: 'i', image: 'x', readinessProbe: { tcpSocket: { port: 1 } } }]),
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    [
      (spec) => (spec.securityContext = { sysctls: [{ name: 'foo-', value: 'x' }] }),
      'spec.securityContext.sysctls[0].name: Invalid value: "foo-": must have at most 253 characters and match regex ' +
        '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    ],
    [
      (spec) => {
        spec.nodeName = 'n';
        spec.schedulingGates = [{ name: 'g' }];
      },
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ];
  for (const [change, ...errors] of cases) {
    it(errors[0] as string, () => {
      expect(podErrors(podWith(change), true).map(fieldErrorText)).to.deep.equal(errors);
    });
  }

  it('lets an update change an image and add a toleration, and nothing else of the spec', () => {
    const old = podWith();
    expect(
      podUpdateErrors(
        podWith((spec, c) => ((c.image = 'nginx:latest'), (spec.tolerations = [{ operator: 'Exists' }]))),
        old,
      ),
    ).to.deep.equal([]);
    const [error] = podUpdateErrors(
      podWith((spec) => (spec.hostNetwork = true)),
      old,
    );
    expect(error?.detail).to.match(/^pod updates may not change fields other than `spec\.containers\[\*\]\.image`,/);
    expect(
      podUpdateErrors(
        podWith((spec) => spec.containers.push({ name: 'd', image: 'x' })),
        old,
      ).map(fieldErrorText),
    ).to.deep.equal(['spec.containers: Forbidden: pod updates may not add or remove containers']);
  });

  it('keeps an ended container ended unless it restarts', () => {
    const ended = (restartPolicy: string, exitCode: number): Pod => ({
      ...podWith((spec) => (spec.restartPolicy = restartPolicy)),
      status: {
        containerStatuses: [
          { name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated: { exitCode } } },
        ],
      },
    });
    const running = (old: Pod): Pod => ({
      ...old,
      status: {
        containerStatuses: [
          { name: 'c', ready: true, restartCount: 1, image: '', imageID: '', state: { running: {} } },
        ],
      },
    });
    expect(podStatusErrors(running(ended('Always', 0)), ended('Always', 0))).to.deep.equal([]);
    expect(podStatusErrors(running(ended('OnFailure', 1)), ended('OnFailure', 1))).to.deep.equal([]);
    expect(podStatusErrors(running(ended('OnFailure', 0)), ended('OnFailure', 0))).to.have.lengthOf(1);
    expect(podStatusErrors(running(ended('Never', 1)), ended('Never', 1))).to.have.lengthOf(1);
  });

  it('resizes cpu and memory within the quality of service', () => {
    const sized = (cpu: string, limit?: string) =>
      podWith((_, c) => (c.resources = { requests: { cpu }, ...(limit && { limits: { cpu: limit } }) }));
    expect(resizeErrors(sized('2'), sized('1'))).to.deep.equal([]);
    expect(resizeErrors(podWith(), sized('1')).map(fieldErrorText)).to.include(
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    );
    expect(resizeErrors(sized('1'), sized('1', '2')).map(fieldErrorText)).to.deep.equal([
      'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    ]);
  });
});
