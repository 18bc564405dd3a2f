import { type Edit, edited, type Json } from './edits.ts';
import { chooseEdit } from './mutations.ts';
import type { Choices } from './random.ts';
import { schemaOfKind, type Subject } from './subject.ts';

/** Bodies of the subresources that take an object of another kind; undefined for a subresource that does not. */
export function postBody(subresource: string, subject: Subject, choices: Choices): Json | undefined {
  const kind = subject.subresources.get(subresource);
  const make = bodies[subresource];
  if (kind === undefined || make === undefined) return undefined;
  const object = make(subject, choices);
  const schema = schemaOfKind(kind);
  const edit = schema === undefined || choices.chance(0.4) ? undefined : chooseEdit(schema, object, choices);
  return edit === undefined ? object : edited(object, [edit]);
}

const bodies: Readonly<Record<string, (subject: Subject, choices: Choices) => Json>> = {
  binding: ({ name, namespace }) => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace },
    target: { apiVersion: 'v1', kind: 'Node', name: 'n1' },
  }),
  eviction: ({ name, namespace }) => ({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { dryRun: ['All'] },
  }),
  token: () => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['a'], expirationSeconds: 3600 },
  }),
};

/** What a Scale may have wrong. */
export function badScaleEdits(choices: Choices): Edit[] {
  const edit = choices.of<Edit | undefined>([
    undefined,
    undefined,
    { path: ['spec', 'replicas'], value: -1 },
    { path: ['spec', 'replicas'], value: 'x' },
    { path: ['spec'] },
    { path: ['spec', 'unheardOf'], value: 1 },
    { path: ['metadata', 'name'], value: 'another' },
    { path: ['metadata', 'resourceVersion'], value: '1' },
    { path: ['kind'], value: 'Pod' },
    { path: ['spec', 'replicas'], value: 0 },
    { path: ['status'], value: { replicas: 7 } },
  ]);
  return edit === undefined ? [] : [edit];
}
