import { quantityOrZero } from '@coracle/apimachinery/quantity';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { PersistentVolumeClaim, Service } from '@coracle/apimachinery/types/core-v1';
import type { Amounts } from './amounts.ts';
import { countEvaluator, type Evaluator, scopeSelects } from './evaluator.ts';
import { podEvaluator } from './pod-evaluator.ts';

const classSuffix = '.storageclass.storage.k8s.io/';
const claimNames: ReadonlySet<string> = new Set([
  'count/persistentvolumeclaims',
  'persistentvolumeclaims',
  'requests.storage',
]);
const serviceNames: ReadonlySet<string> = new Set([
  'count/services',
  'services',
  'services.nodeports',
  'services.loadbalancers',
]);

/** Upstream pkg/quota/v1/evaluator/core/persistent_volume_claims.go. */
const claimEvaluator: Evaluator<PersistentVolumeClaim> = {
  handles: ({ operation, subresource }) => operation !== 'DELETE' && subresource === '',
  counts: (name) =>
    claimNames.has(name) || /\.storageclass\.storage\.k8s\.io\/(persistentvolumeclaims|requests\.storage)$/.test(name),
  usage({ metadata, spec, status }) {
    const usage: Record<string, string> = { 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1' };
    const name = metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
    if (name !== '') usage[`${name}${classSuffix}persistentvolumeclaims`] = '1';
    const request = spec?.resources?.requests?.['storage'];
    if (request === undefined) return usage;
    const size = wholeBytes(request, status?.allocatedResources?.['storage']);
    usage['requests.storage'] = size;
    if (name !== '') usage[`${name}${classSuffix}requests.storage`] = size;
    return usage;
  },
  matchesScope({ spec, status }, scope) {
    if (scope.scopeName !== 'VolumeAttributesClass') return false;
    const names = [
      spec?.volumeAttributesClassName,
      status?.currentVolumeAttributesClassName,
      status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
    ].filter((name) => name !== undefined && name !== '');
    return names.length === 0 ? scopeSelects(scope, undefined) : names.some((name) => scopeSelects(scope, name));
  },
};

/** The larger of two sizes, in whole bytes. */
function wholeBytes(request: string, allocated: string | undefined): string {
  const [asked, given] = [quantityOrZero(request), quantityOrZero(allocated)];
  const size = given.compare(asked) > 0 ? given : asked;
  return size.nanos % 1_000_000_000n === 0n ? size.toString() : size.bigValue().toString();
}

/** Upstream pkg/quota/v1/evaluator/core/services.go. */
const serviceEvaluator: Evaluator<Service> = {
  handles: ({ operation, subresource }) => operation !== 'DELETE' && subresource === '',
  counts: (name) => serviceNames.has(name),
  usage: ({ spec }): Amounts => {
    const balanced = spec?.type === 'LoadBalancer';
    const ports = spec?.ports ?? [];
    const onNodes = spec?.type === 'NodePort' || balanced;
    const allocated =
      balanced && spec?.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports;
    return {
      'count/services': '1',
      services: '1',
      'services.nodeports': String(onNodes ? allocated.length : 0),
      'services.loadbalancers': balanced ? '1' : '0',
    };
  },
  matchesScope: () => false,
};

const special: Readonly<Record<string, Evaluator>> = {
  '/pods': podEvaluator as Evaluator,
  '/persistentvolumeclaims': claimEvaluator as Evaluator,
  '/services': serviceEvaluator as Evaluator,
};
const counted = new Map<string, Evaluator>();

export function evaluatorOf(resource: GroupResource): Evaluator {
  const key = `${resource.group}/${resource.resource}`;
  const known = special[key] ?? counted.get(key);
  if (known !== undefined) return known;
  const made = countEvaluator(resource);
  counted.set(key, made);
  return made;
}
