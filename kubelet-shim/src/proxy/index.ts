/** Services as nftables rules in every machine's network: collected, compiled purely, compared, applied as changes. */
export { type ProxyTarget, type ServiceProxy, startServiceProxy } from './service-proxy.ts';
