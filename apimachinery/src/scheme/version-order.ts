/**
 * Order of versions of one group, most preferred first: stable before beta before alpha, higher numbers first, anything
 * that is no Kubernetes version last and in alphabetical order (apimachinery `pkg/version/helpers.go`).
 */
export function compareVersions(a: string, b: string): number {
  const first = parse(a);
  const second = parse(b);
  if (first && second) {
    return second.stability - first.stability || second.major - first.major || second.minor - first.minor;
  }
  if (first) return -1;
  if (second) return 1;
  return a < b ? -1 : Number(a > b);
}

const stabilityOf: Readonly<Record<string, number>> = { alpha: 0, beta: 1 };

function parse(version: string): { stability: number; major: number; minor: number } | undefined {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return undefined;
  const [, major, stability, minor = '0'] = match;
  return {
    stability: stability === undefined ? 2 : (stabilityOf[stability] as number),
    major: Number(major),
    minor: Number(minor),
  };
}
