import { humanAge } from '@coracle/apimachinery/quantity';
import type { Event } from '@coracle/apimachinery/types/core-v1';
import { nameIsDnsSubdomain, nameIsPathSegment } from '@coracle/apimachinery/validation';
import type { Strategy } from '../../shared/registry.ts';
import { column, nameColumn, wideColumn } from '../../shared/table.ts';
import { eventErrors, eventUpdateErrors } from './validation.ts';

/** Events are notes: after an hour they are gone. */
const lifeTimeSeconds = 3600;

/** Fields of events.k8s.io by the name that core has for them. */
const selectableNames: Readonly<Record<string, string>> = {
  'regarding.kind': 'involvedObject.kind',
  'regarding.namespace': 'involvedObject.namespace',
  'regarding.name': 'involvedObject.name',
  'regarding.uid': 'involvedObject.uid',
  'regarding.apiVersion': 'involvedObject.apiVersion',
  'regarding.resourceVersion': 'involvedObject.resourceVersion',
  'regarding.fieldPath': 'involvedObject.fieldPath',
  reportingController: 'reportingComponent',
  reason: 'reason',
  type: 'type',
};

/** Events of the core group; those of events.k8s.io are the same objects under other names (pkg/registry/core/event). */
export const eventStrategy: Strategy<Event> = {
  resource: { group: '', resource: 'events' },
  generation: 'none',
  createOnUpdate: true,
  deletion: { defaultPropagation: 'unsupported' },
  validateName: nameIsPathSegment,
  validate: (event, old, { row }) => (old === undefined ? eventErrors(event, row.group) : []),
  validateUpdate: (event, old, { row }) => eventUpdateErrors(event, old, row.group),
  ttlSeconds: () => lifeTimeSeconds,
  fields: eventFields,
  table: {
    columns: [
      column('Last Seen', 'string', 'Time since it happened last'),
      column('Type', 'string', 'Normal or Warning'),
      column('Reason', 'string', 'Why, in one word'),
      column('Object', 'string', 'What it happened to'),
      wideColumn('Subobject', 'string', 'Part of the object'),
      wideColumn('Source', 'string', 'Who reports it'),
      column('Message', 'string', 'What happened'),
      wideColumn('First Seen', 'string', 'Time since it happened first'),
      wideColumn('Count', 'string', 'How often it happened'),
      { ...nameColumn, priority: 1 },
    ],
    row: eventCells,
  },
};

export const eventsGroupStrategy: Strategy<Event> = {
  ...eventStrategy,
  resource: { group: 'events.k8s.io', resource: 'events' },
  validateName: nameIsDnsSubdomain,
  selectableField: (name) => selectableNames[name],
};

function eventFields(event: Event): Record<string, string> {
  const { involvedObject, source, reportingComponent = '' } = event;
  return {
    'involvedObject.kind': involvedObject?.kind ?? '',
    'involvedObject.namespace': involvedObject?.namespace ?? '',
    'involvedObject.name': involvedObject?.name ?? '',
    'involvedObject.uid': involvedObject?.uid ?? '',
    'involvedObject.apiVersion': involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': involvedObject?.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent,
    source: source?.component || reportingComponent,
    type: event.type ?? '',
  };
}

function eventCells(event: Event, now: number): readonly unknown[] {
  const { involvedObject, series, source } = event;
  const firstSeen = humanAge(event.firstTimestamp || event.eventTime, now);
  const lastSeen = series
    ? humanAge(series.lastObservedTime, now)
    : event.lastTimestamp
      ? humanAge(event.lastTimestamp, now)
      : firstSeen;
  const kind = (involvedObject?.kind ?? '').toLowerCase();
  const component = source?.component || event.reportingComponent || '';
  const instance = source?.host || event.reportingInstance || '';
  return [
    lastSeen,
    event.type ?? '',
    event.reason ?? '',
    involvedObject?.name ? `${kind}/${involvedObject.name}` : kind,
    involvedObject?.fieldPath ?? '',
    instance === '' ? component : `${component}, ${instance}`,
    (event.message ?? '').trim(),
    firstSeen,
    series ? (series.count ?? 0) : event.count || 1,
    event.metadata?.name,
  ];
}
