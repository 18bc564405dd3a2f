import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, labelsText, nameColumn, orNone, wideColumn } from '../../shared/table.ts';

export const serviceTable: TableStrategy<Service> = {
  columns: [
    nameColumn,
    column('Type', 'string', 'How the service is reached'),
    column('Cluster-IP', 'string', 'Address inside the cluster'),
    column('External-IP', 'string', 'Addresses outside the cluster'),
    column('Port(s)', 'string', 'Ports with node ports and protocols'),
    ageColumn,
    wideColumn('Selector', 'string', 'Labels of the pods behind it'),
  ],
  row: (service, now) => {
    const { type, clusterIPs, ports, selector } = service.spec ?? {};
    const texts = (ports ?? []).map(
      ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
    );
    return [
      service.metadata?.name,
      type ?? '',
      clusterIPs?.[0] ?? '<none>',
      externalIps(service),
      orNone(texts.join(',')),
      ageOf(service, now),
      labelsText(selector),
    ];
  },
};

function externalIps({ spec, status }: Service): string {
  const own = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(own.join(','));
    case 'LoadBalancer': {
      const ingress = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
      return [...[...new Set(ingress)].sort(), ...own].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}
