import { expect } from 'chai';
import type { CoreEvent } from './core-event.ts';
import { EventCorrelator } from './event-correlator.ts';

let made = 0;
const event = (message: string, target = 'web'): CoreEvent => ({
  metadata: { name: `${target}.${++made}`, namespace: 'default' },
  involvedObject: { kind: 'Pod', namespace: 'default', name: target },
  type: 'Warning',
  reason: 'Failed',
  message,
  source: { component: 'kubelet' },
  reportingComponent: 'kubelet',
  reportingInstance: '',
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:00Z',
  count: 1,
});

describe('event correlator', () => {
  it('counts an event that was written before, under its first name', () => {
    const correlator = new EventCorrelator();
    const first = correlator.correlate(event('pull failed'), 0);
    const second = correlator.correlate(event('pull failed'), 1000);
    expect([first?.action, second?.action]).to.deep.equal(['create', 'count']);
    expect(second?.event.metadata?.name).to.equal(first?.event.metadata?.name);
    expect(second?.event.count).to.equal(2);
  });

  it('combines the tenth that differs only in its message, and counts the next', () => {
    const correlator = new EventCorrelator();
    const results = Array.from({ length: 11 }, (_, number) => correlator.correlate(event(`attempt ${number}`), number));
    expect(results.slice(0, 9).every((result) => result?.action === 'create')).to.equal(true);
    expect(results[9]?.action).to.equal('create');
    expect(results[9]?.event.message).to.equal('(combined from similar events): attempt 9');
    expect(results[10]?.action).to.equal('count');
    expect(results[10]?.event.count).to.equal(2);
  });

  it('begins anew after ten quiet minutes', () => {
    const correlator = new EventCorrelator();
    for (let number = 0; number < 9; number++) correlator.correlate(event(`attempt ${number}`), number);
    const late = correlator.correlate(event('late'), 600_100);
    expect(late?.event.message).to.equal('late');
  });

  it('lets 25 about one object pass, then one every five minutes; others are not held up', () => {
    const correlator = new EventCorrelator();
    const passed = (times: number, now: number) =>
      Array.from({ length: times }, () => correlator.correlate(event('same'), now)).filter(Boolean).length;
    expect(passed(30, 0)).to.equal(25);
    expect(passed(5, 299_000)).to.equal(0);
    expect(passed(5, 301_000)).to.equal(1);
    expect(correlator.correlate(event('same', 'other'), 301_000)?.action).to.equal('create');
  });
});
