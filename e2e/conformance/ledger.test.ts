import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compareWithLedger, formatLedger, type LedgerLine, parseLedger, specKey, updateLedger } from './ledger.ts';

const line = (spec: string, result: LedgerLine['result']): LedgerLine => ({
  spec,
  level: 'api',
  serial: false,
  result,
  reason: '',
});
const outcome = (spec: string, result: 'pass' | 'fail', message = '') => ({ spec, result, seconds: 1, message });

describe('the conformance ledger', () => {
  it('is sorted, has every spec once, and a reason beside every failure', () => {
    const text = readFileSync(join(import.meta.dirname, '../ledger/conformance.tsv'), 'utf8');
    const lines = parseLedger(text);
    expect(formatLedger(lines)).to.equal(text);
    expect(lines).to.have.length(462);
    expect(new Set(lines.map(({ spec }) => specKey(spec))).size).to.equal(462);
    expect(lines.filter(({ result, reason }) => (result === 'fail') !== (reason !== ''))).to.deep.equal([]);
  });

  it('knows a spec whatever the order of its tags', () => {
    expect(specKey('[sig-apps] Job should run [Conformance] [Slow]')).to.equal(
      specKey('[sig-apps] Job  should run [Slow] [Conformance]'),
    );
  });

  it('says where a run disagrees', () => {
    const lines = [line('a', 'pass'), line('b', 'fail'), line('c', 'pass'), line('gone', 'pass')];
    const outcomes = [outcome('a', 'fail'), outcome('b', 'pass'), outcome('c', 'pass')];
    expect(compareWithLedger(lines, outcomes, ['a', 'b', 'c', 'new'])).to.deep.equal([
      'not in the suite: gone',
      'not in the ledger: new',
      'fail where the ledger says pass: a',
      'pass where the ledger says fail: b',
    ]);
  });

  it('keeps what did not run', () => {
    const updated = updateLedger([line('a', 'not run'), line('b', 'not run')], [outcome('b', 'fail', 'two\n  lines')]);
    expect(updated.map(({ result, reason }) => [result, reason])).to.deep.equal([
      ['not run', ''],
      ['fail', 'two lines'],
    ]);
  });
});
