import { spawn } from 'node:child_process';

/** A program of the host that ended with anything but 0; `stderr` is trimmed and complete. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly stderr: string;
  readonly exitCode: number | null;

  constructor(command: readonly string[], exitCode: number | null, stderr: string) {
    super(`${command.slice(0, 12).join(' ')}: ${stderr.trim() || `exit code ${exitCode}`}`);
    this.exitCode = exitCode;
    this.stderr = stderr.trim();
  }
}

export interface CommandOptions {
  /** Written to the program's standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end and resolves to its standard output. Throws CommandError. */
export function run(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` },
      ...(options.signal && { signal: options.signal }),
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve(Buffer.concat(output).toString());
      else reject(new CommandError(command, exitCode, Buffer.concat(errors).toString()));
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** `run` for removals: what is already gone is no error. */
export async function runQuietly(command: readonly string[], options: CommandOptions = {}): Promise<void> {
  try {
    await run(command, options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}
