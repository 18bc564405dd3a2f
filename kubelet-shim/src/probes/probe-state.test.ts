import { expect } from 'chai';
import { initialProbeState, nextProbeState, type ProbeType } from './probe-state.ts';

/** `s` and `f` are results; the verdict after each. */
function verdicts(type: ProbeType, results: string, success: number, failure: number): string {
  let state = initialProbeState(type);
  const seen = [state.verdict];
  for (const result of results) {
    state = nextProbeState(type, state, result === 's' ? 'success' : 'failure', { success, failure });
    seen.push(state.verdict);
    if (state.onHold) break;
  }
  return seen.map((verdict) => verdict[0]).join('');
}

describe('probe state', () => {
  for (const [name, type, results, success, failure, expected] of [
    ['liveness is fine until it fails often enough', 'liveness', 'fff', 1, 3, 'sssf'],
    ['a success between failures begins anew', 'liveness', 'ffsff', 1, 3, 'ssssss'],
    ['liveness is not asked after it has failed', 'liveness', 'fs', 1, 1, 'sf'],
    ['readiness is failure until it succeeds', 'readiness', 's', 1, 3, 'fs'],
    ['often enough', 'readiness', 'sss', 3, 1, 'fffs'],
    ['readiness comes back', 'readiness', 'sfs', 1, 1, 'fsfs'],
    ['startup is unknown until then', 'startup', 'ffs', 1, 3, 'uuus'],
    ['or fails for good', 'startup', 'fffs', 1, 3, 'uuuf'],
  ] as const) {
    it(name, () => expect(verdicts(type, results, success, failure)).to.equal(expected));
  }
});
