import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { container, observed, podOf } from '../testing/index.ts';
import { type PlanInput, planPod } from './plan.ts';

interface Case {
  readonly name: string;
  readonly pod: Pod;
  /** `name state exitCode`, newest first; all in the ready sandbox. */
  readonly has?: readonly string[];
  readonly sandboxes?: readonly ('ready' | 'gone')[];
  readonly input?: Partial<PlanInput>;
  /** What happens: `sandbox 0`, `start c`, `kill c: text`, `resize c`, `end`. */
  readonly plan: readonly string[];
}

const web: ContainerSpec = { name: 'web', image: 'web:1' };
const side: ContainerSpec = { name: 'side', image: 'side:1', restartPolicy: 'Always' };
const first: ContainerSpec = { name: 'first', image: 'init:1' };
const second: ContainerSpec = { name: 'second', image: 'init:1' };
const failing = { liveness: () => 'failure' as const };

const cases: readonly Case[] = [
  { name: 'a new pod gets a sandbox first', pod: podOf({ containers: [web] }), sandboxes: [], plan: ['sandbox 0'] },
  { name: 'then its container', pod: podOf({ containers: [web] }), plan: ['start web'] },
  { name: 'a running pod is left alone', pod: podOf({ containers: [web] }), has: ['web running'], plan: [] },
  {
    name: 'a sandbox that ended is made again with the next attempt',
    pod: podOf({ containers: [web] }),
    sandboxes: ['gone'],
    has: ['web exited 137'],
    plan: ['sandbox 1'],
  },
  {
    name: 'but not for a pod that never restarts and has run',
    pod: podOf({ containers: [web], restartPolicy: 'Never' }),
    sandboxes: ['gone'],
    has: ['web exited 137'],
    plan: ['end'],
  },
  {
    name: 'nor for one that has succeeded',
    pod: podOf({ containers: [web], restartPolicy: 'OnFailure' }),
    sandboxes: ['gone'],
    has: ['web exited 0'],
    plan: ['end'],
  },
  {
    name: 'Always restarts after success',
    pod: podOf({ containers: [web] }),
    has: ['web exited 0'],
    plan: ['start web'],
  },
  {
    name: 'OnFailure restarts after failure',
    pod: podOf({ containers: [web], restartPolicy: 'OnFailure' }),
    has: ['web exited 1'],
    plan: ['start web'],
  },
  {
    name: 'OnFailure ends after success',
    pod: podOf({ containers: [web], restartPolicy: 'OnFailure' }),
    has: ['web exited 0'],
    plan: ['end'],
  },
  {
    name: 'Never ends after failure',
    pod: podOf({ containers: [web], restartPolicy: 'Never' }),
    has: ['web exited 1'],
    plan: ['end'],
  },
  {
    name: 'a restart rule of the container overrides the pod',
    pod: podOf({
      containers: [
        {
          ...web,
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
          restartPolicy: 'Never',
        },
      ],
      restartPolicy: 'Never',
    }),
    has: ['web exited 42'],
    plan: ['start web'],
  },
  {
    name: 'a container that was only created is started anew',
    pod: podOf({ containers: [web] }),
    has: ['web created'],
    plan: ['start web'],
  },
  {
    name: 'a failed liveness probe kills and restarts',
    pod: podOf({ containers: [{ ...web, livenessProbe: {} }] }),
    has: ['web running'],
    input: failing,
    plan: ['kill web: Container web failed liveness probe, will be restarted', 'start web'],
  },
  {
    name: 'but only kills where nothing restarts; another container keeps the pod',
    pod: podOf({ containers: [{ ...web, livenessProbe: {} }, second], restartPolicy: 'Never' }),
    has: ['web running', 'second running'],
    input: { liveness: (id) => (id.startsWith('web') ? 'failure' : undefined) },
    plan: ['kill web: Container web failed liveness probe'],
  },
  {
    name: 'a new image replaces the container',
    pod: podOf({ containers: [{ ...web, image: 'web:2' }] }),
    has: ['web running hash:old'],
    plan: ['kill web: Container web definition changed, will be restarted', 'start web'],
  },
  {
    name: 'changed resources are applied in place',
    pod: podOf({ containers: [web] }),
    has: ['web running'],
    input: { resize: () => 'update' },
    plan: ['resize web'],
  },
  {
    name: 'init containers come first',
    pod: podOf({ initContainers: [first, second], containers: [web] }),
    plan: ['start first'],
  },
  {
    name: 'one that runs is waited for',
    pod: podOf({ initContainers: [first, second], containers: [web] }),
    has: ['first running'],
    plan: [],
  },
  {
    name: 'the next one follows success',
    pod: podOf({ initContainers: [first, second], containers: [web] }),
    has: ['first exited 0'],
    plan: ['start second'],
  },
  {
    name: 'an init container that failed runs again',
    pod: podOf({ initContainers: [first], containers: [web] }),
    has: ['first exited 1'],
    plan: ['start first'],
  },
  {
    name: 'or ends the pod that never restarts',
    pod: podOf({ initContainers: [first], containers: [web], restartPolicy: 'Never' }),
    has: ['first exited 1'],
    plan: ['end'],
  },
  {
    name: 'after the last one the others start',
    pod: podOf({ initContainers: [first, second], containers: [web] }),
    has: ['second exited 0'],
    plan: ['start web'],
  },
  {
    name: 'a sidecar that runs lets the next one start',
    pod: podOf({ initContainers: [side, first], containers: [web] }),
    has: ['side running'],
    plan: ['start first'],
  },
  {
    name: 'unless its startup probe has not succeeded',
    pod: podOf({ initContainers: [{ ...side, startupProbe: {} }, first], containers: [web] }),
    has: ['side running'],
    input: { startup: () => 'unknown' },
    plan: [],
  },
  {
    name: 'a sidecar that ended is started again beside the others',
    pod: podOf({ initContainers: [side], containers: [web] }),
    has: ['side exited 1', 'web running'],
    plan: ['start side'],
  },
  {
    name: 'a sidecar does not keep a finished pod alive',
    pod: podOf({ initContainers: [side], containers: [web], restartPolicy: 'Never' }),
    has: ['side running', 'web exited 0'],
    plan: ['end'],
  },
  {
    name: 'an ephemeral container starts at any time',
    pod: podOf({ initContainers: [first], containers: [web], ephemeralContainers: [{ name: 'debug' }] }),
    has: ['first running'],
    plan: ['start debug'],
  },
  {
    name: 'and only once',
    pod: podOf({ containers: [web], ephemeralContainers: [{ name: 'debug' }] }),
    has: ['web running', 'debug exited 1'],
    plan: [],
  },
];

describe('planPod', () => {
  for (const { name, pod, has = [], sandboxes = ['ready'] as const, input, plan } of cases) {
    it(name, () => {
      const made = planPod({
        pod,
        observed: observed(
          sandboxes,
          has.map((text) => container(text, sandboxes.length - 1)),
        ),
        liveness: () => undefined,
        startup: () => undefined,
        resize: () => 'none',
        ...input,
      });
      const words = [
        ...(made.endPod ? ['end'] : []),
        ...(made.createSandbox === undefined ? [] : [`sandbox ${made.createSandbox}`]),
        ...made.kill.map((kill) => `kill ${kill.spec.name}: ${kill.message}`),
        ...made.resize.map(({ spec }) => `resize ${spec.name}`),
        ...made.start.map(({ spec }) => `start ${spec.name}`),
      ];
      expect(words).to.deep.equal(plan);
    });
  }
});
