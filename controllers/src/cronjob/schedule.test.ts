import { expect } from 'chai';
import { missedSchedules } from './missed.ts';
import { parseSchedule } from './schedule.ts';

const at = (text: string) => Date.parse(text);
const next = (schedule: string, after: string, zone?: string) => {
  const found = parseSchedule(schedule, zone).next(at(after));
  return found === undefined ? undefined : new Date(found).toISOString().slice(0, 16);
};

describe('cron schedules', () => {
  const cases: [string, string, string | undefined, string?][] = [
    ['* * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01'],
    ['*/15 * * * *', '2026-01-01T00:15:00Z', '2026-01-01T00:30'],
    ['5/20 3 * * ?', '2026-01-01T03:26:00Z', '2026-01-01T03:45'],
    ['0 0 31 * *', '2026-02-01T00:00:00Z', '2026-03-31T00:00'],
    ['0 12 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T12:00'],
    ['0 9-17/4 * * mon-fri', '2026-01-02T17:00:00Z', '2026-01-05T09:00'],
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00'],
    ['0 0 31 2 *', '2026-01-01T00:00:00Z', undefined],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00'],
    ['@every 1h30m', '2026-01-01T00:10:00Z', '2026-01-01T01:40'],
    ['30 9 * * *', '2026-07-01T00:00:00Z', '2026-07-01T13:30', 'America/New_York'],
    ['TZ=Asia/Kolkata 0 0 * * *', '2026-01-01T00:00:00Z', '2026-01-01T18:30'],
    // Clocks go from 2:00 to 3:00: half past two does not come that day.
    ['30 2 * * *', '2026-03-08T05:00:00Z', '2026-03-09T06:30', 'America/New_York'],
    // Clocks go from 2:00 back to 1:00: half past one comes twice.
    ['30 1 * * *', '2026-11-01T05:30:00Z', '2026-11-01T06:30', 'America/New_York'],
  ];
  for (const [schedule, after, expected, zone] of cases) {
    it(`${schedule} after ${after}${zone ? ` in ${zone}` : ''} is ${expected ?? 'never'}`, () => {
      expect(next(schedule, after, zone)).to.equal(expected);
    });
  }

  for (const [schedule, message] of [
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['9-5 * * * *', 'beginning of range (9) beyond end of range (5): 9-5'],
    ['@sometimes', 'unrecognized descriptor: @sometimes'],
    ['TZ=Moon/Base * * * * *', 'unknown time zone Moon/Base'],
  ] as const) {
    it(`${schedule} is refused`, () => expect(() => parseSchedule(schedule)).to.throw(message));
  }

  it('the latest of many missed starts is found without walking all of them', () => {
    const cronJob = { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } } as never;
    let asked = 0;
    const minutely = parseSchedule('* * * * *');
    const counting = { next: (after: number) => (asked++, minutely.next(after)) };
    const missed = missedSchedules(cronJob, counting, at('2026-01-01T00:00:30Z'));
    expect(missed).to.deep.equal({ latestMs: at('2026-01-01T00:00:00Z'), tooMany: true });
    expect(asked).to.be.below(200);
  });
});
