/** Services as nftables rules in every machine's network. */
export type { ProxyTarget, ServiceProxy } from './service-proxy.ts';
