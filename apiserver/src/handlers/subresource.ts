import { invalid, methodNotSupported, notFound } from '@coracle/apimachinery/errors';
import { deepCopy } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { groupVersion, type GroupVersionKind, type SubresourceRow } from '@coracle/apimachinery/schema';
import { withZeroValues } from '@coracle/apimachinery/structural';
import type { ApiResponse } from '../http/api-request.ts';
import { objectResponse } from '../negotiation/object-response.ts';
import { servedForm } from '../registry/served-resource.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { type AdmissionChain, admissionChain } from '../registry/admission-chain.ts';
import { updateObject } from '../registry/update.ts';
import { entriesOfObject, entriesOfView, type SharedField } from '../registry/view-fields.ts';
import { admissionAttributes, metaOf, type Write } from '../registry/write.ts';
import { checkName, fillNamespace } from '../registry/metadata.ts';
import { type Expected, readObject } from './body.ts';
import { type Call, keyOfCall, writeContextOf } from './call.ts';
import { negotiateCall } from './respond.ts';
import { parseWriteOptions } from './write-options.ts';
import { writeOf } from './writing.ts';

type View = Extract<SubresourceStrategy, { type: 'view' }>;
type Action = Extract<SubresourceStrategy, { type: 'action' }>;

/** GET of a view, such as `scale`. */
export async function getView(call: Call, row: SubresourceRow, view: View): Promise<ApiResponse> {
  const { context, resource } = call;
  negotiateCall(call);
  const stored = await resource.store.get(keyOfCall(call), { type: 'newest' });
  if (stored === undefined) throw notFound(resource.groupResource, context.info.name);
  return viewResponse(call, row, view.read(await servedForm(resource, stored.object)));
}

/**
 * Changes an object through a view of it. `produce` makes the changed view from the present one; both are private.
 * The view's own metadata carries uid and resourceVersion as preconditions.
 */
export async function changeView(
  call: Call,
  row: SubresourceRow,
  view: View,
  write: Write,
  produce: (current: KubernetesObject) => KubernetesObject | Promise<KubernetesObject>,
): Promise<ApiResponse> {
  const { context, resource } = call;
  const { name } = context.info;
  // The object is changed by the rules of the resource; admission is shown the view, which is what the client sent.
  const viewWrite: Write = { ...write, subresource: undefined, admission: noAdmission };
  const change = async (current: StoredObject | undefined): Promise<KubernetesObject> => {
    if (current === undefined) throw notFound(resource.groupResource, name);
    const served = await servedForm(resource, current.object);
    const shared = sharedField(view, row);
    const old = view.read(served);
    if (shared !== undefined) metaOf(old).managedFields = entriesOfView(served.metadata?.managedFields ?? [], shared);
    const produced = await produce(deepCopy(old));
    const changed = await admitView(write, row, produced, old);
    const meta = metaOf(changed);
    checkName(meta, name);
    fillNamespace(meta, resource.row.namespaced ? context.info.namespace : '');
    const errors = view.validate?.(changed) ?? [];
    if (errors.length > 0) throw invalid(row.kind, name, errors);
    const object = deepCopy(served);
    view.write(object, changed);
    const objectMeta = metaOf(object);
    if (meta.uid) objectMeta.uid = meta.uid;
    if (meta.resourceVersion) objectMeta.resourceVersion = meta.resourceVersion;
    if (shared !== undefined) {
      const entries = served.metadata?.managedFields ?? [];
      objectMeta.managedFields = entriesOfObject(entries, meta.managedFields ?? [], shared, resource.apiVersion);
    }
    return resource.toStorage(object);
  };
  const result = await updateObject(viewWrite, name, change, { mayCreate: false, uidIsPrecondition: true });
  return viewResponse(call, row, view.read(await servedForm(resource, result.object)));
}

/** Views that change an object show one number of it, under this name. */
const inView = ['spec', 'replicas'];

function sharedField({ field }: View, { kind }: SubresourceRow): SharedField | undefined {
  return field === undefined ? undefined : { inObject: field, inView, viewVersion: groupVersion(kind) };
}

/** The changed view, in its written form (no replicas are none), with whom its fields belong to. */
export function ownedView(
  call: Call,
  write: Write,
  row: SubresourceRow,
  current: KubernetesObject,
  changed: KubernetesObject,
): KubernetesObject {
  const written = withZeroValues(changed, expectedOf(call, row.kind).schema);
  viewFields(call, write, row)?.update(current, written);
  return written;
}

/** Who owns what of a view. */
export function viewFields(call: Call, write: Write, { kind }: SubresourceRow) {
  const { schema } = expectedOf(call, kind);
  return write.fields?.ofView({ apiVersion: groupVersion(kind), kind: kind.kind, schema });
}

const noAdmission: AdmissionChain = admissionChain([]);

async function admitView(
  write: Write,
  row: SubresourceRow,
  changed: KubernetesObject,
  old: KubernetesObject,
): Promise<KubernetesObject> {
  const name = old.metadata?.name ?? '';
  const attributes = { ...admissionAttributes(write, 'UPDATE', name, changed, old), kind: row.kind };
  await write.admission.admit(attributes);
  const admitted = attributes.object ?? changed;
  await write.admission.validate({ ...attributes, object: admitted });
  return admitted;
}

/** PUT of a view. */
export async function updateView(call: Call, row: SubresourceRow, view: View): Promise<ApiResponse> {
  const { core, context } = call;
  const options = parseWriteOptions(context.request.query, 'UpdateOptions');
  const body = await readObject(context, core, expectedOf(call, row.kind), options.fieldValidation);
  context.audit?.setRequestObject(body);
  const write = writeOf(call, options);
  return changeView(call, row, view, write, (current) => {
    return ownedView(call, write, row, current, deepCopy(body));
  });
}

/** POST to a subresource with a body of its own kind: `binding`, `eviction`, `token`. */
export async function runAction(call: Call, row: SubresourceRow, action: Action): Promise<ApiResponse> {
  const { core, context, resource } = call;
  const { name, namespace } = context.info;
  const options = parseWriteOptions(context.request.query, 'CreateOptions');
  const body = await readObject(context, core, expectedOf(call, row.kind), options.fieldValidation);
  context.audit?.setRequestObject(body);
  const meta = metaOf(body);
  fillNamespace(meta, resource.row.namespaced ? namespace : '');
  const write: Write = { ...writeOf(call, options), fields: undefined, subresource: undefined };
  const attributes = { ...admissionAttributes(write, 'CREATE', name, body, undefined), kind: row.kind };
  await core.admission.admit(attributes);
  const admitted = attributes.object ?? body;
  const errors = action.validate?.(admitted, name) ?? [];
  if (errors.length > 0) throw invalid(row.kind, meta.name ?? '', errors);
  await core.admission.validate({ ...attributes, object: admitted });
  let written = false;
  try {
    const answer = await action.run(admitted, name, writeContextOf(call, options.dryRun));
    written = true;
    return viewResponse(call, row, answer, 201);
  } finally {
    await core.admission.finished(attributes, written);
  }
}

export function expectedOf({ core, resource }: Call, kind: GroupVersionKind): Expected {
  const expected = core.expectedOfKind(kind);
  if (expected === undefined) throw methodNotSupported(resource.groupResource, 'create');
  return expected;
}

function viewResponse(
  { core, context }: Call,
  row: SubresourceRow,
  answer: KubernetesObject,
  status = 200,
): ApiResponse {
  const object =
    answer.kind === undefined ? { kind: row.kind.kind, apiVersion: groupVersion(row.kind), ...answer } : answer;
  return objectResponse(object, context.request, status, core.codecOfObject(object));
}
