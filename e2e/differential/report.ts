import type { Exchange } from './scenario.ts';

const textMax = 700;

/** The exchanges that differ, grouped by kind and field, the largest group first; one example of each. */
export function differencesReport(exchanges: readonly Exchange[], groupsMax = Infinity): string {
  const groups = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const key = groupOf(exchange);
    groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const shown = sorted
    .slice(0, groupsMax)
    .map(([key, members]) => `${members.length} × ${key}\n${example(members[0] as Exchange)}`);
  const left = sorted.length - shown.length;
  return [...shown, ...(left > 0 ? [`… and ${left} more groups`] : [])].join('\n\n');
}

/** `apps/v1 Deployment, create: body.message (422, 422)`: indices are left out. */
function groupOf({ kind, verb, reference, own, differences }: Exchange): string {
  const path = differences[0]?.path.replaceAll(/\[\d+\]/g, '[]') ?? '';
  return `${kind}, ${verb}: ${path} (reference ${reference.status}, own ${own.status})`;
}

function example({ scenario, request, differences }: Exchange): string {
  const lines = differences
    .slice(0, 4)
    .map(
      ({ path, reference, own }) => `    ${path}\n      reference ${short(reference)}\n      own       ${short(own)}`,
    );
  return [`  ${scenario}: ${request.method} ${request.path} ${short(request.body ?? '')}`, ...lines].join('\n');
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent');
  return text.length > textMax ? `${text.slice(0, textMax)}…` : text;
}
