import type { Environment } from '@coracle/apimachinery/component';
import type { Container as ContainerSpec, LifecycleHandler, Pod } from '@coracle/apimachinery/types/core-v1';
import { getOnce, headersOf, urlOf } from '../probes/index.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { podLabel } from './observed.ts';
import type { LifecycleHooks, RunningContainer } from './pod-services.ts';

const hookAgent = 'kube-lifecycle/1.37';

/** Hooks run in the container (exec), against it (http) or beside it (sleep). */
export function createLifecycleHooks(environment: Environment, runtime: ContainerRuntime): LifecycleHooks {
  const { clock, log } = environment;

  const run = async (
    pod: Pod,
    spec: ContainerSpec,
    hook: LifecycleHandler,
    at: RunningContainer,
    signal: AbortSignal,
  ) => {
    const where = `for Container "${spec.name}" in Pod "${podLabel(pod)}" failed - error`;
    if (hook.exec) {
      const command = hook.exec.command ?? [];
      const { exitCode, stdout, stderr } = await abortable(runtime.execSync(at.container.id, command, 0), signal);
      if (exitCode === 0) return;
      const output = JSON.stringify(Buffer.concat([stdout, stderr]).toString('utf8'));
      const error = `command '${command.join(' ')}' exited with ${exitCode}: ${output.slice(1, -1)}`;
      throw new Error(`Exec lifecycle hook ([${command.join(' ')}]) ${where}: ${error}, message: ${output}`);
    }
    if (hook.sleep) return clock.sleep(hook.sleep.seconds * 1000, signal);
    if (!hook.httpGet) throw new Error('Cannot run handler: invalid handler');
    const url = urlOf(hook.httpGet, { spec, containerId: at.container.id, podIP: at.podIP });
    try {
      // Whatever the answer: that there was one is what counts.
      await getOnce(url, headersOf(hook.httpGet, hookAgent), signal);
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${hook.httpGet.path}) ${where}: ${String(error)}`);
    }
  };

  return {
    async postStart(pod, spec, at, signal) {
      const hook = spec.lifecycle?.postStart;
      if (hook) await run(pod, spec, hook, at, signal);
    },
    async preStop(pod, spec, at, signal) {
      const hook = spec.lifecycle?.preStop;
      if (!hook) return true;
      try {
        await run(pod, spec, hook, at, signal);
        return true;
      } catch (error) {
        log.info('preStop hook failed', { pod: podLabel(pod), container: spec.name, error: String(error) });
        return false;
      }
    },
  };
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
