import type { ServedResource } from '../registry/served-resource.ts';
import type { Write } from '../registry/write.ts';
import { fieldManagementFor } from '../registry/field-management.ts';
import type { FieldPath, SubresourceStrategy } from '../registry/strategy.ts';
import type { Expected } from './body.ts';
import { type Call, writeContextOf } from './call.ts';
import type { WriteOptions } from './write-options.ts';

/** The registry's side of a create, update or patch. */
export function writeOf(call: Call, options: WriteOptions): Write {
  const { core, context, resource } = call;
  const subresource = updateRules(resource, context.info.subresource);
  return {
    resource,
    context: writeContextOf(call, options.dryRun),
    admission: core.admission,
    fields: fieldManagementFor(resource, {
      manager: managerOf(options, context.request.headers['user-agent']),
      subresource: context.info.subresource,
      resetFields: subresource === undefined ? undefined : (subresource.resetFields ?? resetByStatus(resource)),
      clock: core.environment.clock,
    }),
    options: options.wire,
    subresource,
    annotate: (key, value) => context.annotations.set(key, value),
    waited: (milliseconds) => void (context.waitedMs += milliseconds),
  };
}

const statusResets = new WeakMap<ServedResource, readonly FieldPath[]>();

/** Through `status` nobody owns anything but the status. */
function resetByStatus(resource: ServedResource): readonly FieldPath[] {
  let paths = statusResets.get(resource);
  if (paths === undefined) {
    const names = [...resource.schema.fields.keys()].filter(
      (name) => !['metadata', 'status', 'apiVersion', 'kind'].includes(name),
    );
    paths = names.map((name) => [name]);
    statusResets.set(resource, paths);
  }
  return paths;
}

const genericStatus: Extract<SubresourceStrategy, { type: 'update' }> = { type: 'update' };

/** The rules of a subresource that shows the whole object; `status` needs no strategy of its own. */
export function updateRules(
  resource: ServedResource,
  subresource: string,
): Extract<SubresourceStrategy, { type: 'update' }> | undefined {
  if (subresource === '') return undefined;
  const strategy = resource.strategy.subresources?.[subresource];
  if (strategy === undefined) return genericStatus;
  // A view such as `scale` writes the object by the rules of the resource: who scales owns the replicas.
  return strategy.type === 'update' ? strategy : undefined;
}

/** The user agent up to its first slash, where the client does not name a manager. */
export function managerOf(options: WriteOptions, userAgent: string | undefined): string {
  if (options.fieldManager !== '') return options.fieldManager;
  const prefix = (userAgent ?? '').split('/', 1)[0] ?? '';
  return prefix === '' ? 'unknown' : prefix.slice(0, 128);
}

export function expectedBody(resource: ServedResource): Expected {
  return { kind: resource.kind, schema: resource.schema, decodeMessage: resource.protobuf?.decode };
}
