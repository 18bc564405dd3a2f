/** Service addresses, as kubeadm lays them out. The first of the range is the API server's. */
export const serviceCidr = '10.96.0.0/12';
export const apiServiceAddress = '10.96.0.1';
export const clusterDnsAddress = '10.96.0.10';
export const clusterDomain = 'cluster.local';
export const nodePortRange = { first: 30000, last: 32767 } as const;

/** Every name the API server's certificate is good for, besides the address of the machines' bridge. */
export const servingNames: readonly string[] = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  `kubernetes.default.svc.${clusterDomain}`,
  '127.0.0.1',
  '::1',
  apiServiceAddress,
];
