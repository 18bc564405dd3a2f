import { badRequest, type FieldError, field, invalid, textOfError } from '@coracle/apimachinery/errors';
import { parseFieldSelector, parseLabelSelector } from '@coracle/apimachinery/selectors';
import type { Freshness } from '../storage/object-store/object-store.ts';
import { parseBoolean, parseInteger } from './write-options.ts';

/** `ListOptions` as the query has them, checked. */
export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly watch: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  readonly timeoutSeconds: number | undefined;
  /** 0 means no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly sendInitialEvents: boolean | undefined;
}

const plainList: ListOptions = {
  labelSelector: '',
  fieldSelector: '',
  watch: false,
  allowWatchBookmarks: false,
  resourceVersion: '',
  resourceVersionMatch: '',
  timeoutSeconds: undefined,
  limit: 0,
  continue: '',
  sendInitialEvents: undefined,
};

/** Reads list and watch options. `watch` is true for the deprecated `/watch/` paths. Throws Invalid or BadRequest. */
export function parseListOptions(query: URLSearchParams, watch = false): ListOptions {
  if (query.size === 0 && !watch) return plainList;
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null || text === '' ? undefined : parseInteger(text);
  };
  const flag = (name: string): boolean | undefined => {
    const text = query.get(name);
    return text === null ? undefined : parseBoolean(text);
  };
  const options = withWatchDefaults({
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    watch: watch || flag('watch') === true,
    allowWatchBookmarks: flag('allowWatchBookmarks') === true,
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    timeoutSeconds: number('timeoutSeconds'),
    limit: number('limit') ?? 0,
    continue: query.get('continue') ?? '',
    sendInitialEvents: flag('sendInitialEvents'),
  });
  const errors = options.watch ? validateWatch(options) : validateList(options);
  if (errors.length > 0) {
    // Selectors are read first upstream.
    checkSelectors(options);
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  }
  return options;
}

/** Throws BadRequest for selectors that do not parse. */
function checkSelectors({ labelSelector, fieldSelector }: ListOptions): void {
  try {
    parseLabelSelector(labelSelector);
    parseFieldSelector(fieldSelector);
  } catch (error) {
    throw badRequest(textOfError(error));
  }
}

/** A watch from nowhere in particular begins with the present state, told as a consistent list would tell it. */
function withWatchDefaults(options: ListOptions): ListOptions {
  if (!options.watch || options.sendInitialEvents !== undefined || options.resourceVersionMatch !== '') return options;
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') return options;
  return { ...options, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
}

const matchField = 'resourceVersionMatch';

function validateList(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match: string = options.resourceVersionMatch;
  if (match !== '') {
    if (options.resourceVersion === '') {
      errors.push(field.forbidden(matchField, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    }
    if (options.continue !== '') {
      errors.push(field.forbidden(matchField, 'resourceVersionMatch is forbidden when continue is provided'));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(field.notSupported(matchField, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(field.forbidden(matchField, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(field.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function validateWatch(options: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const match: string = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(field.forbidden(matchField, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (options.sendInitialEvents === undefined) {
      const unless = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      errors.push(field.forbidden(matchField, unless));
    }
    if (match !== 'NotOlderThan') errors.push(field.notSupported(matchField, match, ['NotOlderThan']));
    if (options.continue !== '') {
      errors.push(field.forbidden(matchField, 'resourceVersionMatch is forbidden when continue is provided'));
    }
  }
  return errors;
}

/** How fresh an answer must be for a client that named this resourceVersion. */
export function freshnessOf(resourceVersion: string): Freshness {
  if (resourceVersion === '') return { type: 'newest' };
  if (resourceVersion === '0') return { type: 'any' };
  return { type: 'at-least', revision: parseResourceVersion(resourceVersion) };
}

/** As `freshnessOf`, with the rules for `resourceVersionMatch`: a limited list of a named version means exactly that one. */
export function listFreshness(options: ListOptions): Freshness {
  const { resourceVersion, resourceVersionMatch, limit } = options;
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0);
  if (!exact || resourceVersion === '' || resourceVersion === '0') return freshnessOf(resourceVersion);
  return { type: 'exact', revision: parseResourceVersion(resourceVersion) };
}

export function parseResourceVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const quoted = JSON.stringify(text);
  const why = `strconv.ParseUint: parsing ${quoted}: invalid syntax`;
  throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${quoted}: ${why}`);
}
