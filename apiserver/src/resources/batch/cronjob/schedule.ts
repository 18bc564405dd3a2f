/** Checks a cron schedule the way robfig/cron (ParseStandard) reads it: five fields, or a descriptor. */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: Readonly<Record<string, number>>;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const fields: readonly Bounds[] = [
  { min: 0, max: 59, names: {} },
  { min: 0, max: 23, names: {} },
  { min: 1, max: 31, names: {} },
  { min: 1, max: 12, names: Object.fromEntries(months.map((name, index) => [name, index + 1])) },
  { min: 0, max: 6, names: Object.fromEntries(days.map((name, index) => [name, index])) },
];

const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** Why a schedule cannot be read; undefined where it can. */
export function scheduleProblem(schedule: string): string | undefined {
  const withoutZone = schedule.replace(/^(?:CRON_)?TZ=\S*\s*/, '').trim();
  if (withoutZone === '') return 'empty spec string';
  if (withoutZone.startsWith('@')) return descriptorProblem(withoutZone);
  const parts = withoutZone.split(/\s+/);
  if (parts.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  for (const [index, part] of parts.entries()) {
    const problem = fieldProblem(part, fields[index] as Bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function descriptorProblem(text: string): string | undefined {
  if (descriptors.includes(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const isDuration = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h))+$/.test(text.slice('@every '.length));
  return isDuration ? undefined : `failed to parse duration ${text}: time: invalid duration "${text.slice(7)}"`;
}

function fieldProblem(text: string, bounds: Bounds): string | undefined {
  for (const part of text.split(',')) {
    if (part === '') continue;
    const problem = rangeProblem(part, bounds);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function rangeProblem(text: string, bounds: Bounds): string | undefined {
  const [range = '', step, ...moreSteps] = text.split('/');
  const [low = '', high, ...moreEnds] = range.split('-');
  const any = low === '*' || low === '?';
  if (any && high !== undefined) return `too many hyphens: ${text}`;
  if (moreEnds.length > 0) return `too many hyphens: ${text}`;
  const start = any ? bounds.min : valueOf(low, bounds);
  if (typeof start === 'string') return start;
  let end = any ? bounds.max : high === undefined ? start : valueOf(high, bounds);
  if (typeof end === 'string') return end;
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  let every = 1;
  if (step !== undefined) {
    const value = valueOf(step, { ...bounds, names: {} });
    if (typeof value === 'string') return value;
    every = value;
    if (high === undefined && !any) end = bounds.max;
  }
  if (start < bounds.min) return `beginning of range (${start}) below minimum (${bounds.min}): ${text}`;
  if (end > bounds.max) return `end of range (${end}) above maximum (${bounds.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return every === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** The number a text stands for, or what is wrong with it. */
function valueOf(text: string, { names }: Bounds): number | string {
  const named = Object.hasOwn(names, text.toLowerCase()) ? names[text.toLowerCase()] : undefined;
  if (named !== undefined) return named;
  if (/^-[0-9]+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  if (/^\+?[0-9]+$/.test(text)) return Number(text);
  return `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;
}
