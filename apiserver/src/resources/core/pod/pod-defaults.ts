import type { Container, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import { setPodSpecDefaults } from './pod-spec-defaults.ts';

/** Defaults of pods, beyond those they share with pod templates (pkg/apis/core/v1/defaults.go SetDefaults_Pod). */
export function setPodDefaults(pod: Pod): void {
  const { status } = pod;
  const spec = (pod.spec ??= { containers: [] });
  setPodSpecDefaults(spec);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  spec.enableServiceLinks ??= true;
  for (const containers of [spec.containers, spec.initContainers]) {
    for (const container of containers ?? []) {
      requestLimits(container);
      if (spec.hostNetwork) useHostPorts(container);
    }
  }
  if (status) setPodIps(status);
}

/** A limit without a request is requested as well. */
function requestLimits({ resources }: Container): void {
  const limits = resources?.limits;
  if (!resources || !limits) return;
  const requests = (resources.requests ??= {});
  for (const name in limits) requests[name] ??= limits[name] as string;
}

function useHostPorts({ ports }: Container): void {
  for (const port of ports ?? []) port.hostPort ||= port.containerPort;
}

/** `podIP` and `podIPs` say the same; where they differ the first counts. */
function setPodIps(status: PodStatus): void {
  if (status.podIP) {
    if (status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  } else if (status.podIPs?.[0]) {
    status.podIP = status.podIPs[0].ip;
  }
}
