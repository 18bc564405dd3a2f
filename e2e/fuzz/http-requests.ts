import { dump } from 'js-yaml';
import type { Choice } from './choice.ts';
import { namespace, type PlainObject, readCorpus, type Subject } from './corpus.ts';
import { expression } from './expressions.ts';
import type { HttpFuzzRequest } from './fuzz-request.ts';
import { hostileNumbers, hostileTexts, hostileValue, mutateBytes, mutateJson, mutateText } from './mutate.ts';

type Draft = Pick<HttpFuzzRequest, 'family' | 'method' | 'path' | 'headers'> & { readonly body?: Uint8Array | string };

const corpus = readCorpus();
const utf8 = new TextEncoder();

const subjectOf = (choice: Choice): Subject => choice.pick(choice.chance(0.75) ? corpus.valid : corpus.full);
const nameOf = (object: PlainObject): string =>
  encodeURIComponent(String((object['metadata'] as { name?: unknown } | undefined)?.name ?? 'x'));
const ofKind = (kind: string): Subject => corpus.valid.find(({ object }) => object['kind'] === kind) as Subject;

/** Request `number` that an HTTP library can send. */
export function httpRequest(number: number, choice: Choice): HttpFuzzRequest {
  const draft = choice.weighted(families)(choice);
  const query = choice.chance(0.3) ? queryText(choice) : '';
  const headers = choice.chance(0.1) ? { ...draft.headers, ...oddHeaders(choice) } : draft.headers;
  const path = query === '' ? draft.path : `${draft.path}${draft.path.includes('?') ? '&' : '?'}${query}`;
  const { body, ...rest } = draft;
  const bytes = typeof body === 'string' ? utf8.encode(body.toWellFormed()) : body;
  return {
    ...rest,
    number,
    transport: choice.chance(0.7) ? 'http2' : 'http1',
    path,
    headers,
    ...(bytes === undefined ? {} : { body: bytes }),
  };
}

const families: readonly (readonly [number, (choice: Choice) => Draft])[] = [
  [22, jsonWrite],
  [8, yamlWrite],
  [12, protobufWrite],
  [20, patch],
  [14, read],
  [8, celWrite],
  [6, oddPath],
  [4, remove],
  [3, subresource],
];

/** Mostly a create; else a replacement, which finds what an earlier create made. */
function target(choice: Choice, { collection, object }: Subject): Pick<Draft, 'method' | 'path'> {
  if (choice.chance(0.65)) return { method: 'POST', path: collection };
  return { method: 'PUT', path: `${collection}/${nameOf(object)}` };
}

function mutated(choice: Choice, object: PlainObject): PlainObject {
  return choice.chance(0.3) ? object : mutateJson(object, choice);
}

function jsonText(choice: Choice, value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return choice.chance(0.08) ? mutateText(text, choice) : text;
}

function jsonWrite(choice: Choice): Draft {
  const subject = subjectOf(choice);
  return {
    family: 'json',
    ...target(choice, subject),
    headers: { 'content-type': 'application/json' },
    body: jsonText(choice, mutated(choice, subject.object)),
  };
}

function yamlWrite(choice: Choice): Draft {
  const subject = subjectOf(choice);
  const text = dump(mutated(choice, subject.object), { skipInvalid: true });
  const twisted = choice.weighted<() => string>([
    [4, () => mutateText(text, choice)],
    [3, () => text],
    [1, () => text.replace(/^(\w+): /m, '$1: &a ').concat('\nb: *a\n<<: *a\n')],
    [1, () => `${text}\n"<<": {"__proto__": {x: 1}}\n`],
    [1, () => text.replace(/: (\w+)$/m, `: !!${choice.pick(['binary', 'timestamp', 'js/function', 'set', 'int'])} $1`)],
    [1, () => `%YAML 1.1\n---\n${text}\n---\n${text}`],
  ])();
  return { family: 'yaml', ...target(choice, subject), headers: { 'content-type': 'application/yaml' }, body: twisted };
}

function protobufWrite(choice: Choice): Draft {
  const subject = choice.pick(corpus.full);
  const bytes = subject.protobuf as Uint8Array;
  return {
    family: 'protobuf',
    ...target(choice, subject),
    headers: {
      'content-type': 'application/vnd.kubernetes.protobuf',
      accept: choice.pick(['application/vnd.kubernetes.protobuf', 'application/json', '*/*']),
    },
    body: choice.chance(0.1) ? bytes : mutateBytes(bytes, choice),
  };
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function patch(choice: Choice): Draft {
  const { collection, object } = subjectOf(choice);
  const path = `${collection}/${nameOf(object)}${choice.chance(0.1) ? '/status' : ''}`;
  const type = choice.pick([...patchTypes, 'application/apply-patch+yaml', 'application/apply-patch+yaml']);
  if (type === patchTypes[0]) {
    const operations = Array.from({ length: 1 + choice.below(4) }, () => operation(choice, object));
    return {
      family: 'json-patch',
      method: 'PATCH',
      path,
      headers: { 'content-type': type },
      body: jsonText(choice, operations),
    };
  }
  if (type.startsWith('application/apply')) {
    const manager = choice.pick(['a', 'b', 'c', 'a', 'b', choice.pick(hostileTexts)]);
    const query = `fieldManager=${encodeURIComponent(manager.toWellFormed())}&force=${choice.pick(['true', 'false', 'maybe'])}`;
    const body = jsonText(choice, mutated(choice, object));
    return { family: 'apply', method: 'PATCH', path: `${path}?${query}`, headers: { 'content-type': type }, body };
  }
  const body = jsonText(choice, directives(choice, mutated(choice, object)));
  return { family: 'merge-patch', method: 'PATCH', path, headers: { 'content-type': type }, body };
}

function operation(choice: Choice, object: PlainObject): unknown {
  const pointer = () => (choice.chance(0.2) ? choice.pick(hostileTexts) : pointerInto(choice, object));
  const made = {
    op: choice.pick(['add', 'remove', 'replace', 'move', 'copy', 'test']),
    path: pointer(),
    from: pointer(),
    value: choice.chance(0.5) ? hostileValue(choice) : object,
  };
  return choice.chance(0.1) ? mutateJson(made, choice) : made;
}

function pointerInto(choice: Choice, object: unknown): string {
  let pointer = '';
  let value = object;
  while (typeof value === 'object' && value !== null && Object.keys(value).length > 0 && !choice.chance(0.15)) {
    const key = choice.pick(Object.keys(value));
    value = (value as Record<string, unknown>)[key];
    pointer += `/${choice.chance(0.05) ? choice.pick(['-', '99', '01', '__proto__', '~2']) : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}

/** What strategic merges know besides the fields of the kind. */
function directives(choice: Choice, object: PlainObject): PlainObject {
  if (choice.chance(0.6)) return object;
  const directive = choice.pick([
    { $patch: choice.pick(['replace', 'delete', 'merge', 'odd']) },
    { $retainKeys: ['a', 5] },
    { '$deleteFromPrimitiveList/finalizers': ['a'] },
    { '$setElementOrder/containers': [{ name: 'c' }, { nope: 1 }] },
    { $patch: null },
  ]);
  const place = choice.pick(Object.keys(object));
  const inner = object[place];
  if (Array.isArray(inner)) return { ...object, [place]: [...inner, directive] };
  return typeof inner === 'object' && inner !== null
    ? { ...object, [place]: { ...inner, ...directive } }
    : { ...object, ...directive };
}

const accepts: readonly string[] = [
  ...[
    'application/json',
    '*/*',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'text/plain',
    'application/cbor',
  ],
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;stream=watch;q=0.x, ;;',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
];
const documents: readonly string[] = [
  ...[
    '/api',
    '/apis',
    '/apis/apps/v1',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/apis/fuzz.example/v1',
    '/version',
    '/metrics',
  ],
  ...[
    '/healthz',
    '/readyz/ping',
    '/livez?verbose&exclude=ping',
    '/',
    '/.well-known/openid-configuration',
    '/openid/v1/jwks',
  ],
  ...[
    '/debug/api_priority_and_fairness/dump_queues',
    '/logs',
    '/debug/pprof/heap',
    '/api/v1/watch/pods',
    '/api/v1/componentstatuses',
  ],
];

function read(choice: Choice): Draft {
  const { collection, object, subresources } = subjectOf(choice);
  const one = `${collection}/${nameOf(object)}`;
  const path = choice.weighted<() => string>([
    [4, () => collection],
    [3, () => one],
    [2, () => collection.replace(`/namespaces/${namespace}`, '')],
    [2, () => choice.pick(documents)],
    [1, () => `${one}/${choice.pick([...subresources, 'status', 'log', 'proxy', 'nope'])}`],
  ])();
  const method = choice.chance(0.9) ? 'GET' : choice.pick(['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']);
  const query = choice.chance(0.7) ? `?${queryText(choice)}` : '';
  return { family: 'read', method, path: `${path}${query}`, headers: { accept: choice.pick(accepts) } };
}

function remove(choice: Choice): Draft {
  const { collection, object } = subjectOf(choice);
  const options = {
    kind: 'DeleteOptions',
    apiVersion: choice.pick(['v1', 'apps/v1', 'meta.k8s.io/v1']),
    gracePeriodSeconds: choice.pick([0, 30, -1]),
    propagationPolicy: choice.pick(['Orphan', 'Foreground', 'Background', 'Odd']),
    preconditions: choice.chance(0.2) ? { uid: 'x', resourceVersion: '1' } : undefined,
  };
  const path = choice.chance(0.9) ? `${collection}/${nameOf(object)}` : `${collection}?${queryText(choice)}`;
  const body = choice.chance(0.5) ? jsonText(choice, mutated(choice, options)) : '';
  return { family: 'delete', method: 'DELETE', path, headers: { 'content-type': 'application/json' }, body };
}

/** Bodies for subresources, of kinds that they do and do not take. */
function subresource(choice: Choice): Draft {
  const { collection, object, subresources } = subjectOf(choice);
  const names = [
    ...subresources,
    'status',
    'scale',
    'eviction',
    'binding',
    'token',
    'approval',
    'finalize',
    'resize',
    'ephemeralcontainers',
  ];
  const bodies: readonly PlainObject[] = [
    object,
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd' }, spec: { replicas: 3 } },
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, deleteOptions: {} },
    { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['a'], expirationSeconds: 600 },
    },
  ];
  return {
    family: 'subresource',
    method: choice.pick(['POST', 'PUT', 'PUT']),
    path: `${collection}/${nameOf(object)}/${choice.pick(names)}`,
    headers: { 'content-type': 'application/json' },
    body: jsonText(choice, mutated(choice, choice.pick(bodies))),
  };
}

const celKinds = ['CustomResourceDefinition', 'ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy', 'ResourceClaim'];
const celKeys = new Set(['rule', 'expression', 'messageExpression', 'valueExpression', 'pattern']);

/** Expressions put where an object has some. */
function celWrite(choice: Choice): Draft {
  const { collection, object } = ofKind(choice.pick([...celKinds, 'CustomResourceDefinition']));
  const name = nameOf(object);
  const withExpressions = JSON.parse(JSON.stringify(object), (key, value: unknown) => {
    if (!celKeys.has(key) || typeof value !== 'string' || choice.chance(0.3)) return value;
    return key === 'pattern' ? choice.pick(hostileTexts) : expression(choice);
  }) as PlainObject;
  const body = jsonText(choice, choice.chance(0.2) ? mutateJson(withExpressions, choice) : withExpressions);
  const headers = { 'content-type': 'application/json' };
  if (choice.chance(0.4)) return { family: 'cel', method: 'POST', path: collection, headers, body };
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  return {
    family: 'cel',
    method: 'PATCH',
    path: `${collection}/${name}?fieldManager=cel&force=true`,
    headers: apply,
    body,
  };
}

function oddPath(choice: Choice): Draft {
  const { collection, object } = subjectOf(choice);
  const segments = `${collection}/${nameOf(object)}`.split('/');
  for (let count = 1 + choice.below(2); count > 0; count--) {
    const raw = choice
      .pick([...hostileTexts, 'watch', 'proxy', 'namespaces', 'v1', 'status', 'a'.repeat(8000)])
      .toWellFormed();
    const segment = choice.chance(0.3) && /^[!-~]*$/.test(raw) ? raw.replaceAll(/[?# ]/g, '') : encodeURIComponent(raw);
    segments.splice(1 + choice.below(segments.length), choice.below(2), segment);
  }
  const method = choice.pick(['GET', 'GET', 'POST', 'DELETE', 'PATCH', 'PUT']);
  return {
    family: 'path',
    method,
    path: `/${segments.join('/').replace(/^\/+/, '')}`,
    headers: { 'content-type': 'application/json' },
  };
}

const selectors: readonly string[] = [
  ...[
    'app=fuzz',
    'app!=x,a in (b,c),!d',
    'app notin (a),b',
    'a==b,',
    'a in (',
    '=',
    '!',
    'a>1,b<-1',
    'app,,',
    'a=b=c',
    'in in (in)',
  ],
  ...[
    'metadata.name=x',
    'metadata.namespace!=a',
    'spec.nodeName=n,status.phase=Running',
    'spec.name=aaaa',
    'type=Opaque',
    'a\\,b=c\\\\',
  ],
];

function queryText(choice: Choice): string {
  const hostile = () => choice.pick(hostileTexts);
  const selector = () => (choice.chance(0.5) ? choice.pick(selectors) : mutateText(choice.pick(selectors), choice));
  const revision = () => choice.pick(['0', '1', '2', '', '18446744073709551616', '-1', 'abc', '999999999']);
  const makers: readonly (readonly [string, () => string])[] = [
    ['labelSelector', selector],
    ['fieldSelector', selector],
    ['limit', () => String(choice.pick([0, 1, 2, 500, ...hostileNumbers]))],
    [
      'continue',
      () => choice.pick([hostile(), 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0', 'e30', 'bnVsbA']),
    ],
    ['resourceVersion', revision],
    ['resourceVersionMatch', () => choice.pick(['Exact', 'NotOlderThan', 'Odd', ''])],
    ['watch', () => choice.pick(['true', '1', 'false', '', 'x'])],
    ['sendInitialEvents', () => choice.pick(['true', 'false', 'x'])],
    ['allowWatchBookmarks', () => choice.pick(['true', 'false'])],
    ['timeoutSeconds', () => choice.pick(['1', '0', '-1', 'x', '99999999999'])],
    ['timeout', () => choice.pick(['1s', '10s', 'x', '-1s', '1e9h'])],
    ['dryRun', () => choice.pick(['All', 'Some', 'All,All', ''])],
    ['fieldManager', hostile],
    ['fieldValidation', () => choice.pick(['Strict', 'Warn', 'Ignore', 'Odd'])],
    ['pretty', () => choice.pick(['true', 'x'])],
    ['propagationPolicy', () => choice.pick(['Orphan', 'Foreground', 'x'])],
    ['gracePeriodSeconds', () => choice.pick(['0', '-1', '99999999999999999999', 'x'])],
    ['ignoreStoreReadErrorWithClusterBreakingPotential', () => choice.pick(['true', 'x'])],
    [hostile(), hostile],
  ];
  const pairs = Array.from({ length: 1 + choice.below(3) }, () => choice.pick(makers));
  return pairs.map(([name, value]) => `${encode(name)}=${choice.chance(0.9) ? encode(value()) : '%zz'}`).join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function oddHeaders(choice: Choice): Record<string, string> {
  const printable = choice
    .pick(hostileTexts)
    .replaceAll(/[^ -~]/g, '?')
    .trim();
  return choice.pick<Record<string, string>>([
    { accept: printable },
    { 'content-type': printable },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-encoding': choice.pick(['gzip', 'br', 'identity', printable]) },
    { 'accept-encoding': choice.pick(['gzip;q=0', 'gzip, br;q=x', '*', printable]) },
    { 'impersonate-user': printable || 'x', 'impersonate-group': 'system:masters' },
    { 'impersonate-user': 'system:serviceaccount:a:b', 'impersonate-extra-a%2fb': printable },
    { 'impersonate-group': 'alone' },
    { authorization: `Bearer ${printable}` },
    { authorization: printable },
    { 'audit-id': printable },
    { 'x-remote-user': printable, 'x-remote-group': 'system:masters' },
    { 'if-none-match': printable },
    { 'user-agent': 'x'.repeat(choice.pick([1, 1000, 60_000])) },
    { [`x-${'y'.repeat(choice.pick([1, 200, 2000]))}`]: printable },
    Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`x-many-${index}`, 'v'])),
  ]);
}
