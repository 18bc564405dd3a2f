import { readFile } from 'node:fs/promises';

/** A process as it can be told apart from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: string;
}

/** Undefined where there is no such process, or only its remains. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Counted after the command in parentheses, which may hold spaces: state is field 3, the start field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[19];
  return startTicks === undefined || fields[0] === 'Z' ? undefined : { pid, startTicks };
}

export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(process.pid))?.startTicks === process.startTicks;
}

/** Children of all threads of the process. */
export async function childProcesses(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Sends SIGKILL to exactly this process; one that is gone is no error. */
export async function killProcess(process: ProcessIdentity): Promise<void> {
  if (!(await isRunning(process))) return;
  try {
    globalThis.process.kill(process.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
