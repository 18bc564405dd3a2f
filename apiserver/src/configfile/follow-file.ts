import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { readText } from './config-file.ts';

/** How often a file is looked at; upstream's time is a minute. */
export const filePollMs = 10_000;

/** The content is good, but cannot be put in force yet: it is tried again at the next look. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

export interface FollowOptions {
  readonly path: string;
  /** What is in force now. */
  readonly content: string;
  /** Puts new content in force; throws where it will not do, and what was in force stays. See `NotYet`. */
  apply(content: string): void | Promise<void>;
  /** Is told how each change went. */
  readonly onChange?: (outcome: 'success' | 'failure') => void;
  readonly signal: AbortSignal;
}

/** Applies a file again each time its content changes. A bad change is logged once, and the next one is waited for. */
export function followFile({ clock, log }: Pick<Environment, 'clock' | 'log'>, options: FollowOptions): void {
  const { path, apply, onChange, signal } = options;
  const run = async (): Promise<void> => {
    let seen: string | undefined = options.content;
    for (;;) {
      await clock.sleep(filePollMs, signal);
      try {
        const content = await readText(path);
        if (content === seen) continue;
        seen = content;
        await apply(content);
        log.info('configuration file applied again', { path });
        onChange?.('success');
      } catch (error) {
        if (error instanceof NotYet) seen = undefined;
        log.error('configuration file cannot be applied: what was in force before stays', {
          path,
          error: textOfError(error),
        });
        onChange?.('failure');
      }
    }
  };
  // Ends by the signal only.
  void run().catch(() => {});
}
