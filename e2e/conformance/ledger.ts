/** The ledger of conformance specs: one line a spec, changed only by a run (see e2e/ledger/README.md). */

export const levels = [
  'api',
  'api+controllers',
  'node-objects+scheduler',
  'pod-status',
  'containers',
  'pod-network',
  'service-datapath',
] as const;
export type Level = (typeof levels)[number];

export type Result = 'pass' | 'fail' | 'not run';

export interface LedgerLine {
  /** The spec's name with its tags, as the suite lists it. */
  readonly spec: string;
  readonly level: Level;
  readonly serial: boolean;
  readonly result: Result;
  /** Why it does not pass; empty for a pass. */
  readonly reason: string;
}

/** What a run said of one spec. */
export interface SpecOutcome {
  readonly spec: string;
  readonly result: 'pass' | 'fail';
  readonly seconds: number;
  readonly message: string;
}

const header = ['spec', 'level', 'serial', 'result', 'reason'];
const reasonCharactersMax = 300;

export function parseLedger(text: string): LedgerLine[] {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  if (first !== header.join('\t')) throw new Error(`the ledger begins with ${JSON.stringify(first)}`);
  return lines.map((line, index) => {
    const [spec = '', level = '', serial = '', result = '', reason = ''] = line.split('\t');
    if (!levels.includes(level as Level) || !['pass', 'fail', 'not run'].includes(result)) {
      throw new Error(
        `line ${index + 2} of the ledger: level ${JSON.stringify(level)}, result ${JSON.stringify(result)}`,
      );
    }
    return { spec, level: level as Level, serial: serial === 'yes', result: result as Result, reason };
  });
}

export function formatLedger(lines: readonly LedgerLine[]): string {
  const rows = [...lines]
    .sort((a, b) => (a.spec < b.spec ? -1 : 1))
    .map(({ spec, level, serial, result, reason }) => [spec, level, serial ? 'yes' : 'no', result, reason]);
  return [header, ...rows].map((row) => `${row.join('\t').trimEnd()}\n`).join('');
}

/** A spec's name without its tags, whose order differs between the suite's list and its reports. */
export function specKey(name: string): string {
  return name
    .replace(
      /\[(LinuxOnly|Conformance|NodeConformance|Slow|Serial|Disruptive|(MinimumKubeletVersion|FeatureGate|Feature):[^\]]*)\]/g,
      '',
    )
    .split(/\s+/)
    .filter(Boolean)
    .join(' ');
}

/** The ledger as it is after a run: lines of specs that ran say what they did. */
export function updateLedger(lines: readonly LedgerLine[], outcomes: readonly SpecOutcome[]): LedgerLine[] {
  const byKey = new Map(outcomes.map((outcome) => [specKey(outcome.spec), outcome]));
  return lines.map((line) => {
    const outcome = byKey.get(specKey(line.spec));
    if (outcome === undefined) return line;
    const reason = outcome.result === 'pass' ? '' : oneLine(outcome.message);
    return { ...line, result: outcome.result, reason };
  });
}

/** Everything in which a run and the ledger disagree, one text each. */
export function compareWithLedger(
  lines: readonly LedgerLine[],
  outcomes: readonly SpecOutcome[],
  listed: readonly string[],
): string[] {
  const known = new Map(lines.map((line) => [specKey(line.spec), line]));
  const inSuite = new Set(listed.map(specKey));
  const stale = lines
    .filter((line) => !inSuite.has(specKey(line.spec)))
    .map((line) => `not in the suite: ${line.spec}`);
  const unknown = listed.filter((spec) => !known.has(specKey(spec))).map((spec) => `not in the ledger: ${spec}`);
  const changed = outcomes.flatMap((outcome) => {
    const line = known.get(specKey(outcome.spec));
    if (line === undefined || line.result === outcome.result) return [];
    return [`${outcome.result} where the ledger says ${line.result}: ${line.spec}`];
  });
  return [...stale, ...unknown, ...changed];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, reasonCharactersMax);
}
