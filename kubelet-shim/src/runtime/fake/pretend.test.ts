import { expect } from 'chai';
import type { ContainerConfig, SandboxConfig } from '../cri.ts';
import { endsByItself } from './hollow-runtime.ts';
import { pretend } from './pretend.ts';

describe('what a hollow container makes of its command', () => {
  const rows: readonly [readonly string[], readonly [number, number] | undefined][] = [
    [
      ['sleep', '300'],
      [300_000, 0],
    ],
    [
      ['/bin/sleep', '5m'],
      [300_000, 0],
    ],
    [
      ['sleep', '1', '0.5'],
      [1500, 0],
    ],
    [
      ['sleep', 'infinity'],
      [Infinity, 0],
    ],
    [['sleep'], [0, 1]],
    [
      ['sleep', 'long'],
      [0, 1],
    ],
    [['true'], [0, 0]],
    [['/bin/false'], [0, 1]],
    [['/pause'], [Infinity, 0]],
    [
      ['sh', '-c', 'exit 3'],
      [0, 3],
    ],
    [
      ['/bin/sh', '-c', 'echo begins; sleep 2; exit 1'],
      [2000, 1],
    ],
    [
      ['sh', '-ec', 'sleep 2 && exit 4'],
      [2000, 4],
    ],
    [
      ['sh', '-c', 'false && sleep 9; sleep 1'],
      [1000, 0],
    ],
    [
      ['sh', '-c', 'false\nexit'],
      [0, 1],
    ],
    [
      ['sh', '-c', 'exec sleep 7'],
      [7000, 0],
    ],
    [
      ['sh', '-c', 'exit 0; sleep 5'],
      [0, 0],
    ],
    // More than can be told by looking.
    [['sh', '-c', 'while true; do sleep 1; done'], undefined],
    [['sh', '-c', 'test -f /ready && exit 0'], undefined],
    [['sh', '-c', 'sleep $SECONDS'], undefined],
    [['sh', '-c', 'nginx; sleep 5'], undefined],
    [['sh', '-c', 'sleep 1 & exit 2'], undefined],
    [['sh', 'script.sh'], undefined],
    [['nginx', '-g', 'daemon off;'], undefined],
    [[], undefined],
  ];
  for (const [command, wanted] of rows) {
    it(`${JSON.stringify(command)}: ${wanted === undefined ? 'not understood' : wanted.join(' ms, exit ')}`, () => {
      const lifetime = pretend(command);
      expect(lifetime && [lifetime.afterMs, lifetime.exitCode]).to.deep.equal(wanted);
    });
  }
});

describe('how long a hollow container runs', () => {
  const sandbox = (labels: Record<string, string>) => ({ labels, annotations: {} }) as unknown as SandboxConfig;
  const container = (image: string, ...command: readonly string[]) =>
    ({ image: { image }, command, args: [], annotations: {} }) as unknown as ContainerConfig;
  const ofJob = sandbox({ 'batch.kubernetes.io/job-name': 'backup' });

  it('is told by the image where there is no command', () => {
    expect(endsByItself(container('registry.k8s.io/pause:3.10.2'), ofJob)).to.deep.equal({
      afterMs: Infinity,
      exitCode: 0,
    });
  });
  it('is no time for a container of a Job that cannot be told', () => {
    expect(endsByItself(container('busybox:1.37'), ofJob)).to.deep.equal({ afterMs: 0, exitCode: 0 });
    expect(endsByItself(container('busybox:1.37'), sandbox({}))).to.equal(undefined);
  });
  it('is what the command says, of a Job or not', () => {
    for (const pod of [ofJob, sandbox({})]) {
      expect(endsByItself(container('busybox', 'sleep', '3'), pod)).to.deep.equal({ afterMs: 3000, exitCode: 0 });
    }
  });
});
