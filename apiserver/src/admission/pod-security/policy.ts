import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Container, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { checks, type PodSubject, type Violation } from './checks.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

export interface LevelVersion {
  readonly level: Level;
  /** `latest` or `v1.x`. */
  readonly version: string;
}

/** What a namespace asks for, by its labels. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

type Labels = Readonly<Record<string, string>>;
type Mode = keyof Policy;

const prefix = 'pod-security.kubernetes.io/';
const strictness: Readonly<Record<Level, number>> = { privileged: 0, baseline: 1, restricted: 2 };
const levels = Object.keys(strictness);
/** Minor version of this release: `latest`, and what anything newer comes down to. */
const latestMinor = 37;
const defaultPolicy: LevelVersion = { level: 'privileged', version: 'latest' };

export function printLevel({ level, version }: LevelVersion): string {
  return `${level}:${version}`;
}

/** An `enforce` level that does not parse counts as the strictest, others as none. Without a level of its own, `warn` follows `enforce` upwards. */
export function policyOf(labels: Labels = {}): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const enforce = modeOf(labels, 'enforce', errors);
  const audit = modeOf(labels, 'audit', errors);
  let warn = modeOf(labels, 'warn', errors);
  const enforces = levels.includes(labels[`${prefix}enforce`] ?? '');
  if (enforces && labels[`${prefix}warn`] === undefined && strictness[enforce.level] > strictness[warn.level]) {
    const version = labels[`${prefix}warn-version`] === undefined ? enforce.version : warn.version;
    warn = { level: enforce.level, version };
  }
  return { policy: { enforce, audit, warn }, errors };
}

function modeOf(labels: Labels, mode: Mode, errors: FieldError[]): LevelVersion {
  let { level, version } = defaultPolicy;
  const [levelLabel, versionLabel] = [`${prefix}${mode}`, `${prefix}${mode}-version`];
  const [givenLevel, givenVersion] = [labels[levelLabel], labels[versionLabel]];
  if (givenLevel !== undefined) {
    level = levels.includes(givenLevel) ? (givenLevel as Level) : mode === 'enforce' ? 'restricted' : 'privileged';
    if (!levels.includes(givenLevel)) {
      errors.push(field.invalid(`metadata.labels[${levelLabel}]`, givenLevel, `must be one of ${levels.join(', ')}`));
    }
  }
  if (givenVersion !== undefined) {
    const valid = /^(latest|v1\.(\d|[1-9]\d*))$/.test(givenVersion);
    version = valid ? givenVersion : 'latest';
    if (!valid)
      errors.push(field.invalid(`metadata.labels[${versionLabel}]`, givenVersion, 'must be "latest" or "v1.x"'));
  }
  return { level, version };
}

export function isFullyPrivileged({ enforce, audit, warn }: Policy): boolean {
  return enforce.level === 'privileged' && audit.level === 'privileged' && warn.level === 'privileged';
}

export function isStricter(a: LevelVersion, b: LevelVersion): boolean {
  return strictness[a.level] > strictness[b.level];
}

/** Everything a level has against a pod, in the order of the checks' names as upstream sorts them. */
export function violationsOf(
  { level, version }: LevelVersion,
  metadata: KubernetesObject['metadata'],
  spec: PodSpec,
): Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? latestMinor : Math.min(latestMinor, Number(version.slice('v1.'.length)));
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  const subject: PodSubject = { metadata, spec, minor, containers: containers as Container[] };
  const due = checks.filter((check) => check.since <= minor && strictness[check.level] <= strictness[level]);
  const overridden = new Set(due.map(({ overrides }) => overrides));
  return due
    .filter(({ id }) => !overridden.has(id))
    .toSorted(byLevelAndId)
    .flatMap((check) => check.find(subject) ?? []);
}

/** Baseline first, then restricted. */
function byLevelAndId(a: { level: Level; id: string }, b: { level: Level; id: string }): number {
  if (a.level !== b.level) return strictness[a.level] - strictness[b.level];
  return a.id < b.id ? -1 : 1;
}

/** `privileged (container "c" must not …), seccompProfile (…)`. */
export function printViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}
