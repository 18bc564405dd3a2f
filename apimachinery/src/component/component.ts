import type { Clock, Random } from '../clock/clock.ts';

/** What every `start(dependencies, options)` in this project resolves to once the component does its work. */
export interface Running {
  /** Stops taking new work, finishes or abandons what is under way, frees every resource. Safe to call twice. */
  stop(): Promise<void>;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log: a constant message plus fields. Log or throw, never both. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** What comes through the door of every component: time, randomness and the log. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Swallows everything: the default of tests. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};
