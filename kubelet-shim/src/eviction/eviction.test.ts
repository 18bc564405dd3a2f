import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { admitUnderPressure } from './admission.ts';
import { calm, isRelieved, judgePressure, type Observation } from './pressure.ts';
import { evictionMessage, rankPods } from './rank.ts';
import { storageViolation } from './storage-limits.ts';
import { type EvictionSettings, type PressureCondition, type Signal, thresholdsOf } from './thresholds.ts';
import type { Candidate, PodUsage } from './usage.ts';

const MiB = 2 ** 20;

describe('eviction thresholds', () => {
  it("are upstream's where nothing is said, and watch what pods may use together like the node", () => {
    const found = thresholdsOf({}).map(({ signal, value, graceMs }) => [signal, value, graceMs]);
    expect(found).to.deep.equal([
      ['memory.available', { units: 100 * MiB }, 0],
      ['nodefs.available', { share: 0.1 }, 0],
      ['nodefs.inodesFree', { share: 0.05 }, 0],
      ['imagefs.available', { share: 0.15 }, 0],
      ['imagefs.inodesFree', { share: 0.05 }, 0],
      ['allocatableMemory.available', { units: 100 * MiB }, 0],
    ]);
  });

  it('refuse a soft one without grace period', () => {
    const soft: EvictionSettings = { soft: { 'memory.available': '1Gi' } };
    expect(() => thresholdsOf(soft)).to.throw(
      'grace period must be specified for the soft eviction threshold memory.avail',
    );
  });
});

describe('pressure on a node', () => {
  const settings: EvictionSettings = {
    hard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
    soft: { 'memory.available': '300Mi' },
    softGracePeriodSeconds: { 'memory.available': 60 },
    minimumReclaim: { 'nodefs.available': '5%' },
  };
  const thresholds = thresholdsOf(settings);

  /** One look after the other: `[seconds, MiB of 1000 left, percent of the disk left]` → conditions and what is starved. */
  const looks: [name: string, steps: [number, number, number, string][]][] = [
    ['says nothing where there is enough', [[0, 500, 50, '[] []']]],
    ['reports a hard threshold and acts at once', [[0, 99, 50, '[MemoryPressure] [memory.available 0]']]],
    ['is not crossed by what is left exactly', [[0, 500, 10, '[] []']]],
    [
      'reports a soft threshold at once and acts after its grace period',
      [
        [0, 250, 50, '[MemoryPressure] []'],
        [59, 250, 50, '[MemoryPressure] []'],
        [60, 250, 50, '[MemoryPressure] [memory.available 60000]'],
      ],
    ],
    [
      'begins the grace period anew after a moment of relief',
      [
        [0, 250, 50, '[MemoryPressure] []'],
        [50, 400, 50, '[MemoryPressure] []'],
        [60, 250, 50, '[MemoryPressure] []'],
        [120, 250, 50, '[MemoryPressure] [memory.available 60000]'],
      ],
    ],
    [
      'keeps a condition for the transition period',
      [
        [0, 500, 5, '[DiskPressure] [nodefs.available 0]'],
        [10, 500, 50, '[DiskPressure] []'],
        [299, 500, 50, '[DiskPressure] []'],
        [300, 500, 50, '[] []'],
      ],
    ],
    [
      'goes on until the minimum reclaim is reached',
      [
        [0, 500, 9, '[DiskPressure] [nodefs.available 0]'],
        [10, 500, 12, '[DiskPressure] [nodefs.available 0]'],
        [20, 500, 15, '[DiskPressure] []'],
        [30, 500, 12, '[DiskPressure] []'],
      ],
    ],
    [
      'takes memory before disk',
      [[0, 50, 5, '[MemoryPressure DiskPressure] [memory.available 0, nodefs.available 0]']],
    ],
  ];
  for (const [name, steps] of looks) {
    it(name, () => {
      let state = calm;
      for (const [seconds, memory, disk, expected] of steps) {
        const observations = new Map<Signal, Observation>([
          ['memory.available', { available: memory * MiB, capacity: 1000 * MiB }],
          ['nodefs.available', { available: disk, capacity: 100 }],
        ]);
        const judged = judgePressure(thresholds, state, observations, { now: seconds * 1000, transitionMs: 300_000 });
        state = judged.state;
        const starved = judged.starved.map(({ signal, graceMs }) => `${signal} ${graceMs}`);
        expect(`[${[...judged.conditions].join(' ')}] [${starved.join(', ')}]`, `after ${seconds} s`).to.equal(
          expected,
        );
      }
    });
  }

  it('is relieved only with the minimum reclaim', () => {
    const left = (available: number) => new Map([['nodefs.available', { available, capacity: 100 }]] as const);
    expect([12, 15].map((percent) => isRelieved(thresholds, left(percent)))).to.deep.equal([false, true]);
  });
});

/** `web priority:5 asks:100 uses:200 disk:30 processes:3`, in MiB. */
function candidate(text: string): Candidate {
  const [name = '', ...words] = text.split(' ');
  const fields = new Map(words.map((word) => word.split(':') as [string, string]));
  const number = (key: string) => Number(fields.get(key) ?? 0);
  const requests = { memory: `${number('asks')}Mi`, 'ephemeral-storage': `${number('asks')}Mi` };
  const pod = podOf(
    {
      priority: number('priority'),
      containers: [{ name: 'c', ...(number('asks') > 0 && { resources: { requests } }) }],
    },
    { name },
  );
  const disk = { bytes: number('disk') * MiB, inodes: number('inodes') };
  const none = { bytes: 0, inodes: 0 };
  const usage: PodUsage = {
    containers: [{ name: 'c', memoryBytes: number('uses') * MiB, rootfs: disk, logs: none }],
    volumes: new Map([['v', { bytes: number('volume') * MiB, inodes: 0 }]]),
    processes: number('processes'),
  };
  return { pod, usage: fields.has('unknown') ? undefined : usage };
}

describe('the order in which pods are evicted', () => {
  const cases: [name: string, signal: Signal, pods: string[], expected: string][] = [
    ['the larger excess first', 'memory.available', ['a uses:10', 'b uses:30'], 'b a'],
    ['who keeps to its requests last', 'memory.available', ['a asks:100 uses:90', 'b asks:10 uses:11'], 'b a'],
    ['low priority before large excess', 'memory.available', ['a priority:9 uses:90', 'b uses:10'], 'b a'],
    ['excess over requests before priority', 'memory.available', ['a asks:50 uses:10', 'b priority:9 uses:10'], 'b a'],
    ['excess and not usage decides', 'memory.available', ['a asks:90 uses:100', 'b asks:10 uses:30'], 'b a'],
    ['who has no figures first', 'memory.available', ['a uses:90', 'b unknown:1'], 'b a'],
    ['many processes first', 'pid.available', ['a processes:5', 'b processes:50'], 'b a'],
    ['disk and volumes together', 'nodefs.available', ['a disk:20', 'b disk:15 volume:15'], 'b a'],
    ['inodes by number', 'nodefs.inodesFree', ['a disk:90 inodes:1', 'b inodes:7'], 'b a'],
  ];
  for (const [name, signal, pods, expected] of cases) {
    it(`${name} (${signal})`, () => {
      const ranked = rankPods(signal, pods.map(candidate), false).map(({ pod }) => pod.metadata?.name);
      expect(ranked.join(' ')).to.equal(expected);
    });
  }

  it('counts only its own parts where images have a disk apart', () => {
    const pods = ['a disk:50 volume:1', 'b disk:1 volume:20'].map(candidate);
    const order = (signal: Signal) => rankPods(signal, pods, true).map(({ pod }) => pod.metadata?.name);
    expect([order('imagefs.available'), order('nodefs.available')]).to.deep.equal([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });
});

describe('what an evicted pod is told', () => {
  it('names the shortage, and the containers above their requests', () => {
    const shortage = { threshold: 100 * MiB, available: 50 * MiB + 1 };
    expect(evictionMessage('memory', candidate('web asks:10 uses:20'), shortage)).to.deep.equal({
      message:
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 52428801. ' +
        'Container c was using 20Mi, request is 10Mi, has larger consumption of memory. ',
      annotations: {
        offending_containers: 'c',
        offending_containers_usage: '20Mi',
        starved_resource: 'memory',
      },
    });
  });

  it('names no container that keeps to its requests', () => {
    const { message } = evictionMessage('ephemeral-storage', candidate('web asks:10 disk:5'), undefined);
    expect(message).to.equal('The node was low on resource: ephemeral-storage. ');
  });
});

describe('limits on local storage', () => {
  const pod = (limits: Record<string, string> | undefined, sizeLimit?: string, medium?: string): Pod =>
    podOf({
      containers: [{ name: 'c', ...(limits && { resources: { limits } }) }, { name: 'd' }],
      volumes: [{ name: 'v', emptyDir: { ...(sizeLimit && { sizeLimit }), ...(medium && { medium }) } }],
    });
  const limit = (text: string) => ({ 'ephemeral-storage': text });
  const usage = (container: number, volume: number): PodUsage => ({
    containers: [
      {
        name: 'c',
        memoryBytes: 0,
        rootfs: { bytes: container * MiB, inodes: 0 },
        logs: { bytes: MiB, inodes: 0 },
      },
    ],
    volumes: new Map([['v', { bytes: volume * MiB, inodes: 0 }]]),
    processes: 0,
  });
  const cases: [name: string, pod: Pod, usage: PodUsage, expected: string | undefined][] = [
    ['no limits', pod(undefined), usage(900, 900), undefined],
    ['a volume within its size', pod(undefined, '10Mi'), usage(0, 10), undefined],
    [
      'a volume beyond its size',
      pod(undefined, '10Mi'),
      usage(0, 11),
      'Usage of EmptyDir volume "v" exceeds the limit "10Mi". ',
    ],
    ['a volume in memory, which the kernel holds', pod(undefined, '10Mi', 'Memory'), usage(0, 11), undefined],
    [
      'volumes, logs and files together beyond the sum of limits',
      pod(limit('20Mi')),
      usage(10, 10),
      'Pod ephemeral local storage usage exceeds the total limit of containers 20Mi. ',
    ],
    ['just the sum of limits', pod(limit('21Mi')), usage(10, 10), undefined],
  ];
  for (const [name, subject, used, expected] of cases) {
    it(`judge ${name}`, () => expect(storageViolation(subject, used, false)).to.equal(expected));
  }

  it('judge one container beyond its own', () => {
    const both = podOf({
      containers: [
        { name: 'c', resources: { limits: limit('10Mi') } },
        { name: 'd', resources: { limits: limit('1Gi') } },
      ],
    });
    expect(storageViolation(both, usage(10, 0), false)).to.equal(
      'Container c exceeded its local ephemeral storage limit "10Mi". ',
    );
    expect(storageViolation(both, usage(10, 0), true), 'images apart').to.equal(undefined);
  });
});

describe('admission of pods by a node under pressure', () => {
  const bestEffort = podOf({ containers: [{ name: 'c' }] });
  const burstable = podOf({ containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] });
  const tolerant = podOf({
    containers: [{ name: 'c' }],
    tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }],
  });
  const critical = podOf({ priority: 2_000_000_000, containers: [{ name: 'c' }] });
  const cases: [name: string, pod: Pod, conditions: PressureCondition[], admitted: boolean][] = [
    ['any pod without pressure', bestEffort, [], true],
    ['no best-effort pod when memory is short', bestEffort, ['MemoryPressure'], false],
    ['one with requests when memory is short', burstable, ['MemoryPressure'], true],
    ['one that tolerates it', tolerant, ['MemoryPressure'], true],
    ['none when the disk is short', burstable, ['DiskPressure'], false],
    ['none that tolerates memory alone', tolerant, ['MemoryPressure', 'DiskPressure'], false],
    ['what the node cannot do without', critical, ['DiskPressure', 'PIDPressure'], true],
  ];
  for (const [name, pod, conditions, admitted] of cases) {
    it(`takes ${name}`, () => {
      const refusal = admitUnderPressure(pod, new Set(conditions));
      const expected = { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` };
      expect(refusal).to.deep.equal(admitted ? undefined : expected);
    });
  }
});
