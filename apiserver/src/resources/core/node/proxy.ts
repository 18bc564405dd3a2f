import { notFound, serviceUnavailable } from '@coracle/apimachinery/errors';
import type { Node } from '@coracle/apimachinery/types/core-v1';
import type { StrategyParts } from '../../parts.ts';
import { proxyTarget, splitProxyName } from '../../shared/proxy-target.ts';
import type { SubresourceStrategy } from '../../shared/registry.ts';

const nodes = { group: '', resource: 'nodes' };

/** `/api/v1/nodes/<name>[:port]/proxy/…`: the node agent's own port goes with the server's credentials, others do not. */
export function nodeProxy(parts: StrategyParts): SubresourceStrategy<Node> {
  return {
    type: 'connect',
    optionsKind: 'NodeProxyOptions',
    async connect(call) {
      const { connector } = parts;
      if (!connector) throw serviceUnavailable('this server has no connection to nodes');
      const { scheme, name, port } = splitProxyName(call.name, 'node');
      const node = await call.context.readers.get<Node>(nodes, { name });
      if (!node) throw notFound(nodes, name);
      const kubeletPort = String(node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? '');
      const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? name;
      const target = proxyTarget(scheme, address, Number(port), call);
      if (port === '' || port === kubeletPort) return connector.kubelet(name, target.path, call);
      return connector.proxy(target, call);
    },
  };
}
