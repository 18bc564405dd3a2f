import { badRequest, invalid } from '@coracle/apimachinery/errors';
import {
  validateDeleteOptions as findDeleteErrors,
  validatePatchOptions,
  validateWriteOptions,
} from '@coracle/apimachinery/validation';
import type { DeleteOptions } from '../registry/readers.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** `CreateOptions`, `UpdateOptions` and `PatchOptions` as the query has them, checked. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** Empty where the client names none: the user agent stands in. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Apply only: takes over fields that others own. */
  readonly force: boolean | undefined;
  /** The same as the object that admission webhooks see, without kind and apiVersion. */
  readonly wire: Readonly<Record<string, unknown>>;
}

/** What upstream does where the client does not say how unknown fields are treated. */
const defaultFieldValidation: FieldValidation = 'Warn';

const noWireOptions: Readonly<Record<string, unknown>> = {};
const defaultOptions: WriteOptions = {
  dryRun: false,
  fieldManager: '',
  fieldValidation: defaultFieldValidation,
  force: undefined,
  wire: noWireOptions,
};

/** Reads the options of a create, update or patch. Throws Invalid (`CreateOptions.meta.k8s.io "" is invalid: …`) or BadRequest. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteOptions {
  if (query.size === 0 && !apply) return defaultOptions;
  const dryRun = query.getAll('dryRun');
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const force = query.has('force') ? parseBoolean(query.get('force') ?? '') : undefined;
  const asked = { fieldManager, dryRun, fieldValidation, ...(force === undefined ? {} : { force }) };
  const errors = kind === 'PatchOptions' ? validatePatchOptions(asked, apply) : validateWriteOptions(asked);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (fieldValidation === '' ? defaultFieldValidation : fieldValidation) as FieldValidation,
    force,
    wire: {
      ...(dryRun.length > 0 ? { dryRun } : {}),
      ...(force === undefined || kind !== 'PatchOptions' ? {} : { force }),
      ...(fieldManager === '' ? {} : { fieldManager }),
      ...(fieldValidation === '' ? {} : { fieldValidation }),
    },
  };
}

/** Options of a delete without a body. */
export function deleteOptionsOf(query: URLSearchParams): DeleteOptions {
  if (query.size === 0) return {};
  const options: DeleteOptions = {};
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && grace !== '') options.gracePeriodSeconds = parseInteger(grace);
  const orphan = query.get('orphanDependents');
  if (orphan !== null) options.orphanDependents = parseBoolean(orphan);
  const policy = query.get('propagationPolicy');
  if (policy !== null && policy !== '')
    options.propagationPolicy = policy as NonNullable<typeof options.propagationPolicy>;
  const dryRun = query.getAll('dryRun');
  if (dryRun.length > 0) options.dryRun = dryRun;
  return options;
}

/** Throws Invalid where options contradict each other or hold unknown values. */
export function validateDeleteOptions(options: DeleteOptions): void {
  const errors = findDeleteErrors(options);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}

/** A whole number of a query parameter. Throws BadRequest with Go's words. */
export function parseInteger(text: string): number {
  if (/^[+-]?\d+$/.test(text)) {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Every value but `false` and `0` counts as true, as Go's query conversion has it. */
export function parseBoolean(text: string): boolean {
  return text.toLowerCase() !== 'false' && text !== '0';
}
