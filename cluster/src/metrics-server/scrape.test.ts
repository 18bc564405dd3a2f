import { expect } from 'chai';
import { parseScrape, rateOf } from './scrape.ts';

describe('what nodes say of their usage', () => {
  const text = `# HELP container_cpu_usage_seconds_total x
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="a",namespace="ns",pod="one"} 1.5 1000
container_cpu_usage_seconds_total{container="b",namespace="ns",pod="one"} 2 1000
container_memory_working_set_bytes{container="a",namespace="ns",pod="one"} 4096 1000
node_cpu_usage_seconds_total 3e1 2000
node_memory_working_set_bytes 8192 2000
pod_cpu_usage_seconds_total{namespace="ns",pod="one"} 3.5 1000
resource_scrape_error 0
`;

  it('is read by container, and left out where a figure is missing', () => {
    const { node, pods } = parseScrape(text);
    expect(node).to.deep.equal({ cpuSeconds: 30, memoryBytes: 8192, timeMs: 2000 });
    expect([...pods].map(([pod, containers]) => [pod, [...containers]])).to.deep.equal([
      ['ns/one', [['a', { cpuSeconds: 1.5, memoryBytes: 4096, timeMs: 1000 }]]],
    ]);
    expect(parseScrape('')).to.deep.equal({ node: undefined, pods: new Map() });
  });

  it('becomes a rate between two looks', () => {
    const at = (cpuSeconds: number, timeMs: number) => ({ cpuSeconds, memoryBytes: 10, timeMs });
    expect(rateOf(at(1, 0), at(1.5, 2000))).to.deep.equal({
      cpuNanocores: 250_000_000n,
      memoryBytes: 10,
      timeMs: 2000,
      windowMs: 2000,
    });
    expect(rateOf(undefined, at(1, 0))).to.equal(undefined);
    expect(rateOf(at(1, 5), at(2, 5)), 'no time').to.equal(undefined);
    expect(rateOf(at(3, 0), at(1, 9)), 'began again').to.equal(undefined);
  });
});
