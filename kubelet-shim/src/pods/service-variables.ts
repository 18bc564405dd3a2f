import type { Pod, Service } from '@coracle/apimachinery/types/core-v1';

/** The API server's own Service, which every pod is told of. */
const masterServices = new Set(['kubernetes']);

/** `{SVC}_SERVICE_HOST`, `{SVC}_PORT_80_TCP_ADDR` and the rest of them (upstream's envvars package). */
export function serviceVariables(pod: Pod, services: readonly Service[]): Record<string, string> {
  const namespace = pod.metadata?.namespace;
  const wantsLinks = pod.spec?.enableServiceLinks !== false;
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: home } = service.metadata ?? {};
    const { clusterIP } = service.spec ?? {};
    if (!clusterIP || clusterIP === 'None') continue;
    const isMaster = home === 'default' && masterServices.has(name);
    if (isMaster && !chosen.has(name)) chosen.set(name, service);
    else if (home === namespace && wantsLinks) chosen.set(name, service);
  }
  const variables: Record<string, string> = {};
  for (const service of chosen.values()) Object.assign(variables, variablesOf(service));
  return variables;
}

function variablesOf({ metadata, spec }: Service): Record<string, string> {
  const prefix = toName(metadata?.name ?? '');
  const host = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  const [first] = ports;
  if (!first) return {};
  const variables: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: host,
    [`${prefix}_SERVICE_PORT`]: String(first.port),
  };
  for (const { name, port } of ports) if (name) variables[`${prefix}_SERVICE_PORT_${toName(name)}`] = String(port);
  const bracketed = host.includes(':') ? `[${host}]` : host;
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${bracketed}:${port}`;
    const base = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    if (index === 0) variables[`${prefix}_PORT`] = url;
    variables[base] = url;
    variables[`${base}_PROTO`] = scheme;
    variables[`${base}_PORT`] = String(port);
    variables[`${base}_ADDR`] = host;
  }
  return variables;
}

function toName(text: string): string {
  return text.replaceAll('-', '_').toUpperCase();
}
