import { quantityMilliValue, quantityValue } from '@coracle/apimachinery/quantity';
import type { Container, Pod, ResourceFieldSelector } from '@coracle/apimachinery/types/core-v1';

/** `metadata.annotations['key']` → its value; whole maps as `key="value"` lines, sorted. Throws on unknown paths. */
export function metadataField(pod: Pod, fieldPath: string): string {
  const metadata = pod.metadata ?? {};
  const subscript = /^metadata\.(annotations|labels)\['(.+)'\]$/.exec(fieldPath);
  if (subscript) return metadata[subscript[1] as 'labels']?.[subscript[2] ?? ''] ?? '';
  switch (fieldPath) {
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

export interface PodPlace {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

/** What environment variables can name beside metadata. */
export function environmentField(pod: Pod, fieldPath: string, { podIPs, hostIPs }: PodPlace): string {
  switch (fieldPath) {
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return hostIPs[0] ?? '';
    case 'status.hostIPs':
      return hostIPs.join(',');
    case 'status.podIP':
      return podIPs[0] ?? '';
    case 'status.podIPs':
      return podIPs.join(',');
    default:
      return metadataField(pod, fieldPath);
  }
}

/** Keys and values as Go's `%q` writes plain text. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(map ?? {}).sort();
  return keys.map((key) => `${key}=${JSON.stringify(map?.[key] ?? '')}`).join('\n');
}

/** `limits.cpu` in units of its divisor, rounded up; a limit that is not set is what the node has to give. */
export function resourceField(
  container: Container,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
): string {
  const [list = '', ...rest] = resource.split('.');
  const name = rest.join('.');
  if (list !== 'limits' && list !== 'requests') throw new Error(`unsupported container resource : ${resource}`);
  const { limits, requests } = container.resources ?? {};
  const fallback = list === 'limits' && !name.startsWith('hugepages-') ? allocatable[name] : undefined;
  const value = (list === 'limits' ? limits : requests)?.[name] ?? (list === 'requests' ? limits?.[name] : fallback);
  if (value === undefined) return '0';
  if (name !== 'cpu')
    return String(Math.ceil(quantityValue(value) / (divisorOf(divisor) ? quantityValue(divisor) : 1)));
  const perUnit = divisorOf(divisor) ? quantityMilliValue(divisor) : 1000;
  return String(Math.ceil(quantityMilliValue(value) / perUnit));
}

function divisorOf(divisor: string | undefined): boolean {
  return divisor !== undefined && quantityMilliValue(divisor) !== 0;
}
