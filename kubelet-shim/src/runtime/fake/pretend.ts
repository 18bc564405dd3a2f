/** When and how a container ends. */
export interface Lifetime {
  readonly afterMs: number;
  readonly exitCode: number;
  /** What the container would have written to its termination log. */
  readonly message?: string;
}

const shells = new Set(['sh', 'bash', 'ash', 'dash']);
const millisecondsOf: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Words of a shell that change what the words around them mean; a script with one of these is not read. */
const grammar = /[|<>$`"'(){}*?[\]\\!&]/;

/**
 * What a program of few words does, seen from outside: `sleep 300`, `true`, `false`, and scripts of a shell made of these, `echo`, `:` and
 * `exit 3`, one after the other. An endless one has `afterMs` Infinity. undefined: more than can be told by looking at it.
 */
export function pretend(command: readonly string[]): Lifetime | undefined {
  const [program = '', ...args] = command;
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (!shells.has(name)) return statement(name, args)?.lifetime;
  const [option = '', script = '', ...rest] = args;
  return /^-[eux]*c$/.test(option) && rest.length === 0 ? pretendScript(script) : undefined;
}

interface Step {
  readonly lifetime: Lifetime;
  /** The rest of the script is not run. */
  readonly isLast?: boolean;
}

function pretendScript(script: string): Lifetime | undefined {
  let afterMs = 0;
  let exitCode = 0;
  for (const line of script.split(/;|\n/)) {
    for (const [index, words] of line.split('&&').entries()) {
      if (words.trim() === '') continue;
      if (index > 0 && exitCode !== 0) break;
      const step = grammar.test(words) ? undefined : simpleCommand(words.trim().split(/\s+/), exitCode);
      if (step === undefined) return undefined;
      afterMs += step.lifetime.afterMs;
      exitCode = step.lifetime.exitCode;
      if (step.isLast || afterMs === Infinity) return { afterMs, exitCode };
    }
  }
  return { afterMs, exitCode };
}

function simpleCommand([name = '', ...args]: readonly string[], previous: number): Step | undefined {
  if (name === 'exec') return simpleCommand(args, previous);
  if (name !== 'exit') return statement(name, args);
  const exitCode = Number(args[0] ?? previous);
  return Number.isInteger(exitCode) ? { lifetime: { afterMs: 0, exitCode: exitCode & 255 }, isLast: true } : undefined;
}

function statement(name: string, args: readonly string[]): Step | undefined {
  const ends = (afterMs: number, exitCode = 0): Step => ({ lifetime: { afterMs, exitCode } });
  switch (name) {
    case 'true':
    case 'echo':
    case ':':
      return ends(0);
    case 'false':
      return ends(0, 1);
    case 'pause':
      return ends(Infinity);
    case 'sleep': {
      const durations = args.map(durationMs);
      return durations.length === 0 || durations.some(Number.isNaN)
        ? ends(0, 1)
        : ends(durations.reduce((sum, each) => sum + each, 0));
    }
    default:
      return undefined;
  }
}

/** `1`, `0.5`, `5m`, `infinity`; NaN where it is none. */
function durationMs(text: string): number {
  if (text === 'infinity' || text === 'inf') return Infinity;
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? [];
  return number === '' ? Number.NaN : Number(number) * (millisecondsOf[unit] ?? 1000);
}
