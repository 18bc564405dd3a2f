import type { Affinity, Container, Pod, PodAffinityTerm, PodSpec } from '@coracle/apimachinery/types/core-v1';
import type { Dice } from './dice.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const selector = ({ pick }: Dice) => ({ matchLabels: { app: pick('web', 'db') } });

/** A pod of one container that wants something of everything now and then. `more` goes over it. */
export function randomPod(name: string, more: Partial<PodSpec>, the: Dice): Pod {
  const { chance, pick } = the;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: pick('web', 'db', 'other') } },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [randomContainer(the)],
      ...(chance(0.2) ? { initContainers: [initContainer(the)] } : {}),
      priorityClassName: pick('low', 'mid'),
      affinity: randomPodAffinity(0.2, the),
      ...more,
    },
  };
}

/** What the pod asks for that is to be placed: more of it than those have that are there. */
export function randomWishes(the: Dice): Partial<PodSpec> {
  const { chance, pick } = the;
  const affinity = { ...randomPodAffinity(0.35, the), nodeAffinity: randomNodeAffinity(the) };
  return {
    affinity,
    priorityClassName: pick('low', 'mid', 'high', 'high'),
    ...(chance(0.2) ? { nodeSelector: { disk: pick('ssd', 'hdd') } } : {}),
    ...(chance(0.5) ? { tolerations: [randomToleration(the)] } : {}),
    ...(chance(0.35) ? { topologySpreadConstraints: [randomSpread(the)] } : {}),
  };
}

function randomContainer({ chance, pick }: Dice): Container {
  const requests: Record<string, string> = {};
  if (chance(0.7)) requests.cpu = pick('100m', '500m', '1', '2', '3500m');
  if (chance(0.6)) requests.memory = pick('128Mi', '1Gi', '3Gi');
  if (chance(0.1)) requests['ephemeral-storage'] = pick('1Gi', '20Gi');
  const gpu = chance(0.12) ? pick('1', '2') : undefined;
  const extended: Record<string, string> = gpu ? { 'example.com/gpu': gpu } : {};
  const address = chance(0.4) ? { hostIP: pick('127.0.0.1', '10.0.0.1') } : {};
  return {
    name: 'main',
    image: 'registry.example/web:1',
    resources: { requests: { ...requests, ...extended }, limits: extended },
    ports: chance(0.2) ? [{ containerPort: 80, hostPort: 80, ...address }] : [],
  };
}

function initContainer({ chance, pick }: Dice): Container {
  const resources = { requests: { cpu: pick('1', '4') } };
  return { name: 'init', image: 'example', resources, ...(chance(0.5) ? { restartPolicy: 'Always' } : {}) };
}

function randomPodAffinity(share: number, the: Dice): Affinity {
  const { chance, below, pick } = the;
  const term = (): PodAffinityTerm => ({ labelSelector: selector(the), topologyKey: pick(hostname, zone, 'rack') });
  const kinds = (requiredShare: number) => ({
    ...(chance(requiredShare) ? { requiredDuringSchedulingIgnoredDuringExecution: [term()] } : {}),
    ...(chance(share)
      ? { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 + below(100), podAffinityTerm: term() }] }
      : {}),
  });
  return { podAntiAffinity: kinds(share), podAffinity: kinds(share * 0.7) };
}

function randomNodeAffinity({ chance, pick }: Dice): NonNullable<Affinity['nodeAffinity']> {
  const comparison = () => {
    if (chance(0.5)) return { key: pick('disk', 'rack', zone), operator: pick('Exists', 'DoesNotExist') };
    if (chance(0.5)) return { key: 'disk', operator: pick('In', 'NotIn'), values: ['ssd'] };
    return { key: 'rack', operator: pick('Gt', 'Lt'), values: ['2'] };
  };
  const named = () => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [pick('n0', 'n1')] }] });
  const terms = () => [{ matchExpressions: [comparison()] }, ...(chance(0.3) ? [named()] : [])];
  const preference = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] };
  return {
    ...(chance(0.25) ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms() } } : {}),
    ...(chance(0.3) ? { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 30, preference }] } : {}),
  };
}

function randomToleration({ chance, pick }: Dice) {
  const how = pick('Exists', 'Equal');
  const value = how === 'Equal' ? { value: 'a' } : {};
  return { key: 'dedicated', operator: how, ...value, ...(chance(0.6) ? { effect: 'NoSchedule' } : {}) };
}

function randomSpread(the: Dice) {
  const { chance, pick } = the;
  const whenUnsatisfiable = pick('DoNotSchedule', 'ScheduleAnyway');
  return {
    maxSkew: pick(1, 2),
    topologyKey: pick(zone, hostname, 'rack'),
    whenUnsatisfiable,
    labelSelector: selector(the),
    ...(chance(0.3) ? { nodeTaintsPolicy: 'Honor' } : {}),
    ...(chance(0.2) ? { nodeAffinityPolicy: 'Ignore' } : {}),
    ...(whenUnsatisfiable === 'DoNotSchedule' && chance(0.4) ? { minDomains: pick(2, 4) } : {}),
  };
}
