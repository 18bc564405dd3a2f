import {
  badRequest,
  methodNotAllowed,
  methodNotSupported,
  notFound,
  quote,
  unknownPath,
} from '@coracle/apimachinery/errors';
import type { Verb as VerbName } from '@coracle/apimachinery/schema';
import type { RequestContext } from '../filters/filter.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { ApiResponse } from '../http/api-request.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Call, Core, Verb } from './call.ts';
import { connect } from './connect.ts';
import { create } from './create.ts';
import { deleteCollection } from './delete-collection.ts';
import { deleteOne } from './delete.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch, patchView } from './patch.ts';
import { getView, runAction, updateView } from './subresource.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

const verbs: Readonly<Record<VerbName, Verb>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

/** Finds the resource and the verb of a request. Undefined where nothing is served under the path. */
export function routeResource(core: Core, context: RequestContext): Promise<ApiResponse> | undefined {
  const { info } = context;
  const resource = core.resources.find(info.group, info.version, info.resource);
  if (resource === undefined) return undefined;
  if (resource.deprecationWarning !== undefined) context.warnings.add(resource.deprecationWarning);
  const call: Call = { core, context, resource };
  checkNamespace(resource, info);
  checkName(info);
  if (info.subresource !== '') return routeSubresource(call);
  const verb = info.verb as VerbName;
  const wrongPath = info.verb === 'create' ? info.name !== '' : info.verb === 'update' && info.name === '';
  if (wrongPath && resource.schema.builtin === true) throw methodNotAllowed();
  if (!resource.row.verbs.includes(verb)) throw notAllowed(resource, info.verb);
  if (resource.row.namespaced && info.namespace === '' && !clusterWide.has(verb)) throw unknownPath();
  return verbs[verb](call);
}

/**
 * What lives in no namespace has no path with one: roles of a namespace would give rights to it. The path of a namespace
 * itself looks as if it did.
 */
function checkNamespace({ row }: ServedResource, { group, resource, namespace, name }: RequestInfo): void {
  if (row.namespaced || namespace === '') return;
  const isNamespaceItself = group === '' && resource === 'namespaces' && namespace === name;
  if (!isNamespaceItself) throw unknownPath();
}

/** Names that would lead elsewhere in a path (k8s.io/apiserver pkg/registry/generic/registry NamespaceKeyFunc). */
function checkName({ name }: RequestInfo): void {
  const problems = name === '.' || name === '..' ? [`may not be '${name}'`] : [];
  if (name.includes('%')) problems.push("may not contain '%'");
  if (problems.length > 0) throw badRequest(`Name parameter invalid: ${quote(name)}: ${problems.join(';')}`);
}

/** Upstream's router knows nothing of paths that no built-in kind has. */
function notAllowed(resource: ServedResource, verb: string): Error {
  return resource.schema.builtin === true ? methodNotAllowed() : methodNotSupported(resource.groupResource, verb);
}

/** What may be asked over all namespaces at once. */
const clusterWide = new Set<VerbName>(['list', 'watch']);

function routeSubresource(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const { info } = context;
  const row = resource.row.subresources.find((candidate) => candidate.name === info.subresource);
  if (row === undefined)
    throw resource.schema.builtin === true ? unknownPath() : notFound(resource.groupResource, info.name);
  const strategy = resource.strategy.subresources?.[info.subresource];
  if (strategy?.type === 'connect') return connect(call, strategy);
  if (!row.verbs.includes(info.verb as VerbName)) throw methodNotSupported(resource.groupResource, info.verb);
  if (strategy?.type === 'view') return routeView(call, strategy);
  if (strategy?.type === 'action') return runAction(call, row, strategy);
  if (info.verb === 'get') return get(call);
  return info.verb === 'patch' ? patch(call) : update(call);
}

function routeView(call: Call, view: Extract<SubresourceStrategy, { type: 'view' }>): Promise<ApiResponse> {
  const { context, resource } = call;
  const row = resource.row.subresources.find((candidate) => candidate.name === context.info.subresource);
  if (row === undefined) throw unknownPath();
  if (context.info.verb === 'get') return getView(call, row, view);
  return context.info.verb === 'patch' ? patchView(call, row, view) : updateView(call, row, view);
}
