import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ApiResponse } from '../http/api-request.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';
import { admissionAttributes } from '../registry/write.ts';
import { type Call, writeContextOf } from './call.ts';
import { deletionOf } from './delete.ts';

type Connect = Extract<SubresourceStrategy, { type: 'connect' }>;

/** Hands a request over to whoever answers it (a kubelet, a pod, a service) once admission has seen its options. */
export async function connect(call: Call, strategy: Connect): Promise<ApiResponse> {
  const { core, context } = call;
  const { info, request } = context;
  const options = connectOptions(strategy.optionsKind, request.query);
  const attributes = {
    ...admissionAttributes(deletionOf(call, {}), 'CONNECT', info.name, options, undefined),
    kind: { group: '', version: 'v1', kind: strategy.optionsKind },
  };
  await core.admission.admit(attributes);
  await core.admission.validate(attributes);
  return strategy.connect({
    request,
    namespace: info.namespace,
    name: info.name,
    path: pathAfter(info.parts, request.path),
    context: writeContextOf(call, false),
  });
}

/** What follows the subresource as the client sent it: escapes and a trailing slash included. */
function pathAfter(parts: readonly string[], path: string): string {
  const trailing = path.endsWith('/') ? '/' : '';
  const below = parts.length - 3;
  if (below <= 0) return trailing;
  const segments = path.split('/').filter((segment) => segment !== '');
  return `/${segments.slice(segments.length - below).join('/')}${trailing}`;
}

function connectOptions(kind: string, query: URLSearchParams): KubernetesObject {
  const options: Record<string, unknown> = { kind, apiVersion: 'v1' };
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    options[name] = name === 'command' ? values : readable(values[0] ?? '');
  }
  return options as KubernetesObject;
}

function readable(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}
