import { styleText } from 'node:util';
import { systemClock } from '@coracle/apimachinery/clock';

const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinnerIntervalMs = 80;

/** What `up` tells a person: steps with the time each took, a line for each remark. A terminal sees them turn. */
export interface Progress {
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  note(line: string): void;
}

/** Says nothing: a library has no terminal. */
export const silentProgress: Progress = { step: (_title, work) => work(), note: () => {} };

/** Writes to `stream`: results go to standard output, progress to standard error. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return {
    async step(title, work) {
      const started = systemClock.monotonic();
      const spinner = stream.isTTY ? startSpinner(stream, title) : undefined;
      try {
        const result = await work();
        spinner?.stop();
        stream.write(` ${paint(stream, 'green', '✓')} ${title} ${paint(stream, 'dim', seconds(started))}\n`);
        return result;
      } catch (error) {
        spinner?.stop();
        stream.write(` ${paint(stream, 'red', '✗')} ${title} ${paint(stream, 'dim', seconds(started))}\n`);
        throw error;
      }
    },
    note(line) {
      stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}   ${paint(stream, 'dim', line)}\n`);
    },
  };
}

function startSpinner(stream: NodeJS.WriteStream, title: string): { stop(): void } {
  let frame = 0;
  let timer = systemClock.after(0, draw);
  function draw(): void {
    stream.write(`\r ${spinnerFrames[frame++ % spinnerFrames.length]} ${title}`);
    timer = systemClock.after(spinnerIntervalMs, draw);
  }
  return {
    stop() {
      timer.cancel();
      stream.write('\r\x1b[K');
    },
  };
}

function seconds(started: number): string {
  return `${((systemClock.monotonic() - started) / 1000).toFixed(1)} s`;
}

function paint(stream: NodeJS.WriteStream, style: 'green' | 'red' | 'dim' | 'bold', text: string): string {
  return stream.isTTY ? styleText(style, text) : text;
}

/** `--output json` prints data, anything else prints lines for people. */
export function print(json: boolean, data: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(data, undefined, 2)}\n` : lines.map((line) => `${line}\n`).join(''));
}
