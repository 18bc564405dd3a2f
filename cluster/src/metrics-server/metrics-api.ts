import { Quantity } from '@coracle/apimachinery/quantity';
import { notFound, unknownPath } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { Rate } from './scrape.ts';
import type { UsageHistory } from './usage-history.ts';

export const group = 'metrics.k8s.io';
export const version = 'v1beta1';
const apiVersion = `${group}/${version}`;
const root = `/apis/${apiVersion}`;
const nanosPerUnit = 1_000_000_000n;

interface Request {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Answers GET requests of metrics.k8s.io/v1beta1 (k8s.io/metrics); throws StatusError. */
export class MetricsApi {
  readonly #client: Client;
  readonly #history: UsageHistory;

  constructor(client: Client, history: UsageHistory) {
    this.#client = client;
    this.#history = history;
  }

  async answer({ path, query }: Request): Promise<object> {
    if (path === root) return resources;
    const segments = path.startsWith(`${root}/`) ? path.slice(root.length + 1).split('/') : [];
    const [first, second, third, fourth] = segments.map(decodeURIComponent);
    if (first === 'nodes' && segments.length <= 2) {
      const items = await this.#nodes(query);
      return second === undefined ? list('NodeMetricsList', items) : one(items, 'nodes', second);
    }
    if (first === 'pods' && segments.length === 1) return list('PodMetricsList', await this.#pods(undefined, query));
    if (first === 'namespaces' && third === 'pods' && segments.length <= 4) {
      const items = await this.#pods(second, query);
      return fourth === undefined ? list('PodMetricsList', items) : one(items, 'pods', fourth);
    }
    throw unknownPath();
  }

  async #nodes(query: URLSearchParams): Promise<KubernetesObject[]> {
    const [{ items }] = await Promise.all([this.#client.list(Nodes, selectors(query)), this.#history.refresh()]);
    return items.flatMap(({ metadata }) => {
      const rate = this.#history.node(metadata?.name ?? '');
      return rate === undefined ? [] : [{ ...measured('NodeMetrics', metadata, rate), usage: usageOf(rate) }];
    });
  }

  async #pods(namespace: string | undefined, query: URLSearchParams): Promise<KubernetesObject[]> {
    const [{ items }] = await Promise.all([
      this.#client.list(Pods, { ...selectors(query), ...(namespace === undefined ? {} : { namespace }) }),
      this.#history.refresh(),
    ]);
    return items.flatMap((pod) => this.#podMetrics(pod) ?? []);
  }

  #podMetrics({ metadata, spec }: Pod & KubernetesObject): KubernetesObject | undefined {
    const rates = this.#history.containers(spec?.nodeName ?? '', `${metadata?.namespace}/${metadata?.name}`);
    const [first] = rates?.values() ?? [];
    if (rates === undefined || first === undefined) return undefined;
    const containers = [...rates].map(([name, rate]) => ({ name, usage: usageOf(rate) }));
    return { ...measured('PodMetrics', metadata, first), ...{ containers } };
  }
}

function measured(kind: string, metadata: KubernetesObject['metadata'], { timeMs, windowMs }: Rate) {
  const { name = '', namespace, labels } = metadata ?? {};
  const timestamp = `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: timestamp,
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp,
    window: `${windowMs / 1000}s`,
  };
}

function usageOf({ cpuNanocores, memoryBytes }: Rate): Record<string, string> {
  const kibibytes = BigInt(Math.round(memoryBytes / 1024)) * 1024n;
  return { cpu: `${cpuNanocores}n`, memory: new Quantity(kibibytes * nanosPerUnit, 'BinarySI').toString() };
}

function selectors(query: URLSearchParams) {
  const [labelSelector, fieldSelector] = [query.get('labelSelector'), query.get('fieldSelector')];
  return { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) };
}

function list(kind: string, items: readonly KubernetesObject[]): object {
  return { kind, apiVersion, metadata: {}, items };
}

function one(items: readonly KubernetesObject[], resource: string, name: string): object {
  const found = items.find(({ metadata }) => metadata?.name === name);
  if (found === undefined) throw notFound({ group, resource }, name);
  return found;
}

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersion,
  resources: [
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ],
};
