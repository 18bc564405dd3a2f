import type { Service } from '@coracle/apimachinery/types/core-v1';
import { nameIsDnsLabel } from '@coracle/apimachinery/validation';
import type { StrategyParts } from '../../parts.ts';
import type { Strategy } from '../../shared/registry.ts';
import { allocate, type Allocators, releaseAll } from './allocate.ts';
import { setServiceDefaults } from './defaults.ts';
import { NodePorts } from './node-ports.ts';
import { familiesOf, prepareServiceForCreate, prepareServiceForUpdate } from './prepare.ts';
import { serviceProxy } from './proxy.ts';
import { serviceTable } from './table.ts';
import { serviceErrors, serviceStatusErrors, serviceUpdateErrors } from './validation.ts';
import { serviceWarnings } from './warnings.ts';

/** Source: pkg/registry/core/service. */
export function serviceStrategy(parts: StrategyParts): Strategy<Service> {
  const families = familiesOf(parts.serviceCidrs);
  const allocators: Allocators = { serviceCidrs: parts.serviceCidrs, nodePorts: new NodePorts(parts.nodePortRange) };
  return {
    resource: { group: '', resource: 'services' },
    validateName: nameIsDnsLabel,
    defaults: setServiceDefaults,
    resetFields: [['status']],
    generation: 'none',
    createOnUpdate: true,
    prepareForCreate: (service) => prepareServiceForCreate(service, families),
    prepareForUpdate: (service, old) => prepareServiceForUpdate(service, old, families),
    validate: (service, old) => serviceErrors(service, old),
    changesFirst: true,
    validateUpdate: serviceUpdateErrors,
    warnings: serviceWarnings,
    beginCreate: (service, context) => allocate(service, undefined, context, allocators),
    beginUpdate: (service, old, context) => allocate(service, old, context, allocators),
    afterDelete: (service, context) => releaseAll(service, context, allocators),
    deletion: { returnsObject: true },
    fields: ({ spec }) => ({ 'spec.clusterIP': spec?.clusterIP ?? '', 'spec.type': spec?.type ?? '' }),
    table: serviceTable,
    subresources: {
      status: {
        type: 'update',
        resetFields: [['spec']],
        prepareForUpdate(service, old) {
          if (old.spec === undefined) delete service.spec;
          else service.spec = old.spec;
        },
        validateUpdate: serviceStatusErrors,
      },
      proxy: serviceProxy(parts),
    },
  };
}
