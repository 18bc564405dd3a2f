import { type Candidate, startOf } from './victims.ts';

/** Priorities are made positive, so that fewer pods of negative priority are better than more of them. */
const priorityOffset = 2 ** 31;

/** Greater is better; the next is asked only where several are best. */
const criteria: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => -violations,
  ({ victims }) => -highestPriority(victims),
  ({ victims }) => -victims.reduce((sum, victim) => sum + victim.priority + priorityOffset, 0),
  ({ victims }) => -victims.length,
  ({ victims }) => earliestStart(victims),
];

/** Where preempting does the least harm (framework/preemption pickOneNodeForPreemption). */
export function chooseCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best = candidates;
  for (const score of criteria) {
    if (best.length <= 1) break;
    const most = Math.max(...best.map(score));
    best = best.filter((candidate) => score(candidate) === most);
  }
  return best[0];
}

function highestPriority(victims: Candidate['victims']): number {
  return Math.max(...victims.map((victim) => victim.priority));
}

/** Of the most important ones. */
function earliestStart(victims: Candidate['victims']): number {
  const highest = highestPriority(victims);
  return Math.min(...victims.filter((victim) => victim.priority === highest).map(startOf));
}
