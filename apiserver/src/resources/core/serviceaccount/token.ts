import { badRequest, conflict, field, type FieldError, invalid, notFound } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import type { TokenRequest } from '@coracle/apimachinery/types/authentication-v1';
import type { Node, Pod, ServiceAccount } from '@coracle/apimachinery/types/core-v1';
import type { StrategyParts, TokenClaims } from '../../parts.ts';
import { type SubresourceStrategy, timestamp, type WriteContext } from '../../shared/registry.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const accounts = { group: '', resource: 'serviceaccounts' };
const expirationSecondsDefault = 3600;
const expirationSecondsMin = 600;
const expirationSecondsMax = 2 ** 32;

/** POST of a TokenRequest signs a token of a service account (pkg/registry/core/serviceaccount/storage/token.go). */
export function tokenSubresource(parts: StrategyParts): SubresourceStrategy<ServiceAccount> {
  return {
    type: 'action',
    validate: tokenErrors,
    run: (body, name, context) => requestToken(parts, body as TokenRequest, name, context),
  };
}

function tokenErrors(body: KubernetesObject): FieldError[] {
  const { spec } = body as TokenRequest;
  const seconds = spec?.expirationSeconds ?? expirationSecondsDefault;
  const path = 'spec.expirationSeconds';
  const errors: FieldError[] = [];
  if (seconds < expirationSecondsMin)
    errors.push(field.invalid(path, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > expirationSecondsMax)
    errors.push(field.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (Object.keys(spec?.attestations ?? {}).length > 0) {
    const text = 'attestations may only be specified with a webhook bound object reference';
    errors.push(field.invalid('spec.attestations', spec?.attestations, text));
  }
  return errors;
}

async function requestToken(
  parts: StrategyParts,
  request: TokenRequest,
  name: string,
  context: WriteContext,
): Promise<KubernetesObject> {
  const { namespace } = context;
  checkMetadata(request, name, namespace);
  const account = await context.readers.get<ServiceAccount>(accounts, { namespace, name }, { type: 'newest' });
  if (!account) throw notFound(accounts, name);
  if (!parts.issueToken) throw badRequest('this server issues no tokens: it was started without a signing key');
  const claims: Writable<TokenClaims> = {
    namespace,
    serviceAccount: { name, uid: account.metadata?.uid ?? '' },
    audiences: request.spec?.audiences ?? [],
    expirationSeconds: request.spec?.expirationSeconds ?? expirationSecondsDefault,
  };
  const reference = request.spec?.boundObjectRef;
  if (reference) await bind(claims, reference, context);
  const { token, expirationTimestamp, audiences } = await parts.issueToken(claims);
  return {
    ...request,
    metadata: { ...request.metadata, name, namespace, creationTimestamp: timestamp(context.environment.clock.now()) },
    spec: {
      ...request.spec,
      audiences: [...audiences],
      expirationSeconds: claims.expirationSeconds,
      boundObjectRef: request.spec?.boundObjectRef ?? null,
    },
    status: { token, expirationTimestamp },
  } as KubernetesObject;
}

function checkMetadata({ metadata }: TokenRequest, name: string, namespace: string): void {
  const mismatch = (path: string, value: string, what: string) =>
    invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [
      field.invalid(path, value, `must match the service account ${what} if specified`),
    ]);
  if (metadata?.name && metadata.name !== name) throw mismatch('metadata.name', metadata.name, 'name');
  if (metadata?.namespace && metadata.namespace !== namespace)
    throw mismatch('metadata.namespace', metadata.namespace, 'namespace');
}

type BoundObject = NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>;

/** Ties the token to an object: it ends with it. */
async function bind(claims: Writable<TokenClaims>, reference: BoundObject, context: WriteContext): Promise<void> {
  const { kind = '', apiVersion = '', name = '', uid } = reference;
  const { group, version } = parseGroupVersion(apiVersion);
  const find = async <T extends KubernetesObject>(resource: string, namespace?: string): Promise<T> => {
    const key = namespace === undefined ? { name } : { namespace, name };
    const found = await context.readers.get<T>({ group: '', resource }, key, { type: 'newest' });
    if (!found) throw notFound({ group: '', resource }, name);
    return found;
  };
  let found: KubernetesObject;
  if (group === '' && kind === 'Pod') {
    const pod = await find<Pod>('pods', context.namespace);
    found = pod;
    await bindPod(claims, pod, context);
  } else if (group === '' && kind === 'Node') {
    found = await find<Node>('nodes');
    claims.node = { name, uid: found.metadata?.uid ?? '' };
  } else if (group === '' && kind === 'Secret') {
    found = await find('secrets', context.namespace);
    claims.secret = { name, uid: found.metadata?.uid ?? '' };
  } else {
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  if (uid && uid !== found.metadata?.uid) {
    const text = `the UID in the bound object reference (${uid}) does not match the UID in record.`;
    throw conflict({ group, resource: kind }, name, `${text} The object might have been deleted and then recreated`);
  }
}

async function bindPod(claims: Writable<TokenClaims>, pod: Pod, { readers }: WriteContext): Promise<void> {
  const { name: account } = claims.serviceAccount;
  if (pod.spec?.serviceAccountName !== account) {
    const text = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`;
    throw badRequest(text);
  }
  claims.pod = { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' };
  const { nodeName } = pod.spec;
  if (!nodeName) return;
  const node = await readers.get({ group: '', resource: 'nodes' }, { name: nodeName });
  claims.node = { name: nodeName, uid: node?.metadata?.uid ?? '' };
}
