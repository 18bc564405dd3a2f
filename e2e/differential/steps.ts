import type { Choices } from './random.ts';
import { type Edit, edited, type Json, jsonPatchOf, mergePatchOf } from './edits.ts';
import { chooseEdit } from './mutations.ts';
import { strategicPatch } from './strategic-patches.ts';
import { badScaleEdits, postBody } from './subresource-bodies.ts';
import { scenarioLabel, type Subject, validObject } from './subject.ts';

/** One request; bodies are made for each server from the object that this server answered last. */
export interface Step {
  /** What the report calls it: `create`, `patch (apply) status`. */
  readonly verb: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: (own: Json) => string;
  /** The answer is the subject's object, which later steps build on. */
  readonly returnsObject: boolean;
}

export const jsonType = { 'content-type': 'application/json' };

const managers = ['alice', 'bob', 'carol'] as const;

/**
 * A step on the subject; `seen` is its object as the reference has it, undefined before there is one. After the first attempt
 * objects are mostly made without a fault, so that there is something to change.
 */
export function chooseStep(subject: Subject, seen: Json | undefined, attempt: number, choices: Choices): Step {
  if (!subject.verbs.includes('get')) return create(subject, choices, 0.7);
  if (seen === undefined)
    return choices.chance(0.93) ? create(subject, choices, attempt === 0 ? 0.7 : 0.25) : chooseAbsent(subject, choices);
  const subresource = choices.chance(0.25) ? subresourceStep(subject, choices) : undefined;
  if (subresource !== undefined) return subresource;
  return choices.weighted<() => Step>([
    [26, () => update(subject, choices)],
    [34, () => patch(subject, choices)],
    [5, () => read(subject, choices)],
    [8, () => list(subject, choices)],
    [9, () => remove(subject, choices)],
    [3, () => removeAll(subject, choices)],
    [9, () => create(subject, choices, 0.8)],
    [4, () => odd(subject, choices)],
  ])();
}

/** Requests on an object that does not exist (apply makes it). */
function chooseAbsent(subject: Subject, choices: Choices): Step {
  return choices.weighted<() => Step>([
    [2, () => read(subject, choices)],
    [2, () => apply(subject, choices, '')],
    [1, () => update(subject, choices)],
    [1, () => remove(subject, choices)],
    [1, () => patch(subject, choices)],
  ])();
}

function edits(subject: Subject, object: Json, choices: Choices, chanceOfAny: number): Edit[] {
  if (!choices.chance(chanceOfAny)) return [];
  const count = choices.weighted([
    [6, 1],
    [2, 2],
    [1, 3],
  ] as const);
  return Array.from({ length: count }, () => chooseEdit(subject.schema, object, choices)).filter(
    (edit) => edit !== undefined,
  );
}

/** Query of a write: mostly nothing, else dry run, field validation, a manager, now and then a bad value. */
function writeQuery(choices: Choices, fixed: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(fixed);
  if (choices.chance(0.1)) query.set('dryRun', choices.chance(0.85) ? 'All' : 'Some');
  if (choices.chance(0.3))
    query.set('fieldValidation', choices.of(['Strict', 'Warn', 'Ignore', 'Strict', 'Strict', 'Bogus']));
  if (!query.has('fieldManager') && choices.chance(0.3))
    query.set('fieldManager', choices.of([...managers, 'x'.repeat(129)]));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function create(subject: Subject, choices: Choices, chanceOfEdits: number): Step {
  const object = edited(validObject(subject), edits(subject, validObject(subject), choices, chanceOfEdits));
  const metadata = object['metadata'] as Json | null | undefined;
  if (typeof metadata === 'object' && metadata !== null && choices.chance(0.06)) {
    metadata['generateName'] = choices.of(['made-', 'Bad_', 'x'.repeat(300)]);
    delete metadata['name'];
  }
  const text = choices.chance(0.04) ? withDuplicate(JSON.stringify(object)) : JSON.stringify(object);
  return step('create', 'POST', `${subject.collection}${writeQuery(choices)}`, { headers: jsonType, body: () => text });
}

/** The object with one of its fields given twice. */
function withDuplicate(text: string): string {
  return text.replace(/"kind":("[^"]*")/, (whole) => `${whole},${whole}`);
}

export function step(
  verb: string,
  method: string,
  path: string,
  rest: Partial<Pick<Step, 'headers' | 'body' | 'returnsObject'>> = {},
): Step {
  return { verb, method, path, headers: {}, returnsObject: true, ...rest };
}

function pathOf({ collection, name }: Subject): string {
  return `${collection}/${encodeURIComponent(name)}`;
}

function update(subject: Subject, choices: Choices, subresource = ''): Step {
  const at = subresource === '' ? '' : `/${subresource}`;
  return step(`update${spaced(subresource)}`, 'PUT', `${pathOf(subject)}${at}${writeQuery(choices)}`, {
    headers: jsonType,
    body: choices.replayed((own, again) => JSON.stringify(updated(subject, own, again, subresource))),
  });
}

function updated(subject: Subject, own: Json, choices: Choices, subresource: string): Json {
  const object = subresource === 'status' ? { status: {}, ...own } : own;
  const changes =
    subresource === 'status' && choices.chance(0.85)
      ? [chooseEdit(subject.schema, object, choices, ['status'])].filter((edit) => edit !== undefined)
      : edits(subject, object, choices, 0.92);
  const version = choices.weighted<Edit[]>([
    [6, []],
    [3, [{ path: ['metadata', 'resourceVersion'] }]],
    [1, [{ path: ['metadata', 'resourceVersion'], value: choices.of(['1', 'x', '0', '']) }]],
    [1, [{ path: ['metadata', 'uid'], value: '11111111-2222-3333-4444-555555555555' }]],
  ]);
  return edited(object, [...changes, ...version]);
}

function spaced(subresource: string): string {
  return subresource === '' ? '' : ` ${subresource}`;
}

function patch(subject: Subject, choices: Choices, subresource = ''): Step {
  const at = `${pathOf(subject)}${subresource === '' ? '' : `/${subresource}`}`;
  const send = (
    kind: string,
    type: string,
    make: (object: Json, changes: readonly Edit[], choices: Choices) => unknown,
  ) =>
    step(`patch (${kind})${spaced(subresource)}`, 'PATCH', `${at}${writeQuery(choices)}`, {
      headers: { 'content-type': `application/${type}` },
      body: choices.replayed((own, again) => {
        const object = subresource === 'status' ? { status: {}, ...own } : own;
        return JSON.stringify(make(object, patchEdits(subject, object, again, subresource), again));
      }),
    });
  return choices.weighted<() => Step>([
    [
      3,
      () =>
        send('json', 'json-patch+json', (object, changes, again) => [
          ...oddOperations(again),
          ...jsonPatchOf(object, changes),
        ]),
    ],
    [3, () => send('merge', 'merge-patch+json', mergePatchOf)],
    [
      4,
      () =>
        send('strategic', 'strategic-merge-patch+json', (object, changes, again) =>
          strategicPatch(subject.schema, object, changes, again),
        ),
    ],
    [5, () => apply(subject, choices, subresource)],
  ])();
}

function patchEdits(subject: Subject, object: Json, choices: Choices, subresource: string): Edit[] {
  const edit = chooseEdit(
    subject.schema,
    object,
    choices,
    subresource === 'status' && choices.chance(0.9) ? ['status'] : [],
  );
  const label: Edit = {
    path: ['metadata', 'labels', choices.of(['a', 'Bad!'])],
    value: choices.of(['b', 'c', '', '!!']),
  };
  return [...(edit === undefined ? [] : [edit]), ...(choices.chance(0.15) ? [label] : [])];
}

/** The same value for both servers, made once. */
function always<T>(value: T): () => T {
  return () => value;
}

function oddOperations(choices: Choices): Json[] {
  return choices.weighted<() => Json[]>([
    [12, () => []],
    [1, () => [{ op: 'test', path: '/metadata/name', value: 'another' }]],
    [1, () => [{ op: 'copy', from: '/metadata/labels', path: '/metadata/annotations' }]],
    [1, () => [{ op: 'move', from: '/metadata/none', path: '/metadata/annotations' }]],
    [1, () => [{ op: 'remove', path: '/nothing/here' }]],
    [1, () => [{ op: 'bogus', path: '/metadata' }]],
    [1, () => [{ op: 'test', path: '/kind', value: 'x' }]],
  ])();
}

/** Server-side apply of part of the object by one of a few managers. */
function apply(subject: Subject, choices: Choices, subresource: string): Step {
  const query = choices.chance(0.04) ? {} : { fieldManager: choices.of(managers) };
  const force: Record<string, string> = choices.chance(0.4) ? { force: 'true' } : {};
  const at = `${pathOf(subject)}${subresource === '' ? '' : `/${subresource}`}`;
  return step(`patch (apply)${spaced(subresource)}`, 'PATCH', `${at}${writeQuery(choices, { ...query, ...force })}`, {
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: choices.replayed((own, again) => JSON.stringify(applied(subject, own, again, subresource))),
  });
}

function applied(subject: Subject, own: Json, choices: Choices, subresource: string): Json {
  const { apiVersion, kind } = subject.base;
  const root = subresource === 'status' ? 'status' : undefined;
  const source = choices.chance(0.5) && root === undefined ? validObject(subject) : { status: {}, ...own };
  const content = Object.entries(source).filter(
    ([key]) =>
      !['apiVersion', 'kind', 'metadata'].includes(key) && (root === undefined ? key !== 'status' : key === root),
  );
  const labels = choices.chance(0.7)
    ? { labels: { [scenarioLabel]: String(subject.number), [choices.of(['a', 'b'])]: choices.of(['1', '2']) } }
    : {};
  const metadata = {
    name: subject.name,
    ...(subject.namespace === '' ? {} : { namespace: subject.namespace }),
    ...labels,
  };
  const whole: Json = { apiVersion, kind, metadata, ...Object.fromEntries(content) };
  const under = root === undefined ? [] : [root];
  const changes = Array.from({ length: choices.below(4) }, () => chooseEdit(subject.schema, whole, choices, under));
  return edited(
    whole,
    changes.filter((edit) => edit !== undefined),
  );
}

const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const partialType = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const partialListType = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

function read(subject: Subject, choices: Choices): Step {
  const accept = choices.of([
    'application/json',
    tableType,
    tableType,
    partialType,
    `${partialType},application/json`,
    'text/html',
  ]);
  const path = choices.chance(0.85)
    ? pathOf(subject)
    : `${subject.collection}/${choices.of(['missing', 'Bad_Name!', '..x'])}`;
  return step('get', 'GET', path, { headers: { accept }, returnsObject: false });
}

function list(subject: Subject, choices: Choices): Step {
  const label = `${scenarioLabel}=${subject.number}`;
  const query = new URLSearchParams();
  const labels = [
    label,
    `${label},a`,
    `${label},a!=b`,
    `${label},a in (b,c)`,
    `${scenarioLabel} in (${subject.number})`,
    `${label},a notin (b)`,
  ];
  query.set(
    'labelSelector',
    choices.chance(0.85) ? choices.of(labels) : choices.of(['!!', 'a in', 'a=b=c', 'a in (b', '=', 'a>x', '-x=y']),
  );
  if (choices.chance(0.4)) {
    const fields = [
      `metadata.name=${subject.name}`,
      'metadata.name!=x',
      'status.phase=Pending',
      'spec.nope=1',
      'x',
      'spec.nodeName=',
      'type=Opaque',
      'spec.mode=Fast',
    ];
    query.set('fieldSelector', choices.of(fields));
  }
  if (choices.chance(0.3)) query.set('limit', choices.of(['1', '2', '0', '-1', 'x']));
  if (choices.chance(0.2)) query.set('resourceVersion', choices.of(['0', '', 'x', '-1']));
  if (choices.chance(0.15)) query.set('resourceVersionMatch', choices.of(['NotOlderThan', 'Exact', 'Bogus']));
  if (choices.chance(0.08)) query.set('continue', 'nonsense');
  if (choices.chance(0.05)) query.set('timeoutSeconds', choices.of(['x', '5']));
  const accept = choices.of(['application/json', tableType, partialListType, `${tableType},application/json`]);
  return step('list', 'GET', `${subject.collection}?${query}`, { headers: { accept }, returnsObject: false });
}

function remove(subject: Subject, choices: Choices): Step {
  const options: Json = {};
  const odd = choices.chance(0.3);
  if (choices.chance(0.3))
    options['propagationPolicy'] = odd ? choices.of(['Bogus', '']) : choices.of(['Orphan', 'Background', 'Foreground']);
  if (choices.chance(0.3)) options['gracePeriodSeconds'] = odd ? -1 : choices.of([0, 5]);
  if (choices.chance(0.1)) options['orphanDependents'] = choices.chance(0.5);
  if (choices.chance(0.15)) options['dryRun'] = choices.of([['All'], ['All', 'All'], ['Bogus']]);
  if (choices.chance(0.1)) options['ignoreStoreReadErrorWithClusterBreakingPotential'] = true;
  if (choices.chance(0.05)) options['unheardOf'] = 1;
  const preconditions = choices.weighted<Json | undefined>([
    [6, undefined],
    [1, { uid: '11111111-2222-3333-4444-555555555555' }],
    [1, { resourceVersion: '1' }],
  ]);
  if (preconditions !== undefined) options['preconditions'] = preconditions;
  const whole = { kind: 'DeleteOptions', apiVersion: choices.of(['v1', subject.base.apiVersion]), ...options };
  const text = choices.chance(0.3) ? undefined : JSON.stringify(whole);
  const query = choices.of([
    '',
    '',
    '',
    '?dryRun=All',
    '?gracePeriodSeconds=0',
    '?propagationPolicy=Orphan',
    '?gracePeriodSeconds=x',
  ]);
  return step('delete', 'DELETE', `${pathOf(subject)}${query}`, {
    ...(text === undefined ? {} : { headers: jsonType, body: always(text) }),
    returnsObject: false,
  });
}

function removeAll(subject: Subject, choices: Choices): Step {
  const query = new URLSearchParams({ labelSelector: `${scenarioLabel}=${subject.number}` });
  if (choices.chance(0.3)) query.set('fieldSelector', choices.of([`metadata.name=${subject.name}`, 'spec.nope=1']));
  if (choices.chance(0.3)) query.set('dryRun', 'All');
  return step('deletecollection', 'DELETE', `${subject.collection}?${query}`, { returnsObject: false });
}

function subresourceStep(subject: Subject, choices: Choices): Step | undefined {
  const names = [...subject.subresources.keys()].filter((name) => !connecting.has(name));
  if (names.length === 0) return undefined;
  const name = choices.of(names);
  const at = `${pathOf(subject)}/${name}`;
  const posted = postBody(name, subject, choices);
  if (posted !== undefined) {
    return step(`create ${name}`, 'POST', `${at}${writeQuery(choices)}`, {
      headers: jsonType,
      body: always(JSON.stringify(posted)),
      returnsObject: false,
    });
  }
  if (name === 'scale') return scaleStep(subject, at, choices);
  if (name !== 'finalize' && choices.chance(0.1)) return step(`get ${name}`, 'GET', at, { returnsObject: false });
  return name === 'finalize' || choices.chance(0.45) ? update(subject, choices, name) : patch(subject, choices, name);
}

/** Answered by a kubelet or by a backend, of which there is none. */
const connecting: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

function scaleStep(subject: Subject, at: string, choices: Choices): Step {
  const edit = badScaleEdits(choices);
  const scale: Json = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: subject.name, ...(subject.namespace === '' ? {} : { namespace: subject.namespace }) },
    spec: { replicas: 3 },
  };
  const body = always(JSON.stringify(edited(scale, edit)));
  const rest = { returnsObject: false, body };
  return choices.weighted<() => Step>([
    [2, () => step('get scale', 'GET', at, { returnsObject: false })],
    [4, () => step('update scale', 'PUT', `${at}${writeQuery(choices)}`, { ...rest, headers: jsonType })],
    [
      2,
      () =>
        step('patch (merge) scale', 'PATCH', at, {
          ...rest,
          headers: { 'content-type': 'application/merge-patch+json' },
        }),
    ],
    [
      2,
      () =>
        step(
          'patch (apply) scale',
          'PATCH',
          `${at}?fieldManager=${choices.of(managers)}${choices.of(['', '&force=true'])}`,
          {
            ...rest,
            headers: { 'content-type': 'application/apply-patch+yaml' },
          },
        ),
    ],
  ])();
}

/** Requests that are wrong before any object is looked at. */
function odd(subject: Subject, choices: Choices): Step {
  const path = pathOf(subject);
  const text = JSON.stringify(validObject(subject));
  const other = JSON.stringify({
    ...validObject(subject),
    kind: choices.of(['Pod', 'Nonsense', '']),
    apiVersion: choices.of(['v1', 'x/y/z', 'none/v1', '']),
  });
  const send = (method: string, at: string, body?: string, headers: Record<string, string> = jsonType) =>
    step(`odd ${method.toLowerCase()}`, method, at, {
      headers,
      returnsObject: false,
      ...(body === undefined ? {} : { body: always(body) }),
    });
  return choices.of<() => Step>([
    () => send('POST', path, text),
    () => send('PUT', subject.collection, text),
    () => send('PUT', `${subject.collection}/another-name`, text),
    () => send('POST', subject.collection, other),
    () => send('POST', subject.collection, ''),
    () => send('POST', subject.collection, '{"a":'),
    () => send('POST', subject.collection, '[]'),
    () => send('POST', subject.collection, 'null'),
    () => send('POST', subject.collection, text, { 'content-type': 'text/plain' }),
    () => send('PATCH', path, '{}', { 'content-type': 'application/json' }),
    () => send('PATCH', path, '[', { 'content-type': 'application/json-patch+json' }),
    () => send('PATCH', path, '{"spec":', { 'content-type': 'application/merge-patch+json' }),
    () => send('PATCH', path, '[]', { 'content-type': 'application/strategic-merge-patch+json' }),
    () => send('GET', `${path}/unheard-of`),
    () => send('GET', `${subject.collection}x`),
    () => send('PUT', path, other),
  ])();
}
