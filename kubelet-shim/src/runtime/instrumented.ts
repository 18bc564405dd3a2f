import type { Clock } from '@coracle/apimachinery/clock';
import type { ContainerRuntime } from './cri.ts';

/** One finished call: `operation` is the method's name. */
export type RuntimeCallObserver = (operation: string, durationMs: number, failed: boolean) => void;

/** The same runtime, with every call reported once it has settled: upstream's `kubelet_runtime_operations_*`. */
export function instrumented(runtime: ContainerRuntime, clock: Clock, observe: RuntimeCallObserver): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== 'function' || property === 'events') return value;
      return (...args: unknown[]) => {
        const begin = clock.monotonic();
        const report = (failed: boolean) => observe(String(property), clock.monotonic() - begin, failed);
        const answer = value.apply(target, args) as Promise<unknown>;
        answer.then(
          () => report(false),
          () => report(true),
        );
        return answer;
      };
    },
  });
}
