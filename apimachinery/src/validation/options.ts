import { type FieldError, field } from '../errors/index.ts';
import { validateFieldManager } from './object-meta.ts';

/** Query or body options that every write has; absent ones are undefined. */
export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: readonly string[];
  readonly fieldValidation?: string;
  readonly force?: boolean;
}

export interface DeleteOptionsLike {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: object;
  readonly orphanDependents?: boolean;
  readonly propagationPolicy?: string;
  readonly dryRun?: readonly string[];
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** Create and update options. */
export function validateWriteOptions(options: WriteOptions): FieldError[] {
  return [
    ...validateFieldManager(options.fieldManager ?? '', 'fieldManager'),
    ...validateDryRun(options.dryRun ?? []),
    ...validateFieldValidation(options.fieldValidation ?? ''),
  ];
}

/** Patch options; `apply` for an apply patch, which must name its manager and alone may be forced. */
export function validatePatchOptions(options: WriteOptions, apply: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (apply && !options.fieldManager) errors.push(field.required('fieldManager', 'is required for apply patch'));
  if (!apply && options.force !== undefined) {
    errors.push(field.forbidden('force', 'may not be specified for non-apply patch'));
  }
  return [...errors, ...validateWriteOptions(options)];
}

export function validateDeleteOptions(options: DeleteOptionsLike): FieldError[] {
  const errors: FieldError[] = [];
  const { propagationPolicy, orphanDependents } = options;
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    const text = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(field.invalid('propagationPolicy', propagationPolicy, text));
  }
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
    errors.push(field.notSupported('propagationPolicy', propagationPolicy, supported));
  }
  errors.push(...validateDryRun(options.dryRun ?? []));
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) errors.push(...loneOption(options));
  return errors;
}

function loneOption(options: DeleteOptionsLike): FieldError[] {
  const path = 'ignoreStoreReadErrorWithClusterBreakingPotential';
  const others = ['propagationPolicy', 'orphanDependents', 'gracePeriodSeconds', 'preconditions'] as const;
  return others
    .filter((name) => options[name] !== undefined)
    .map((name) => field.invalid(path, true, `cannot be set together with .${name}`));
}

function validateDryRun(dryRun: readonly string[]): FieldError[] {
  return dryRun.every((value) => value === 'All') ? [] : [field.notSupported('dryRun', dryRun, ['All'])];
}

function validateFieldValidation(value: string): FieldError[] {
  const supported = ['', 'Ignore', 'Strict', 'Warn'];
  return supported.includes(value) ? [] : [field.notSupported('fieldValidation', value, supported)];
}
