import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '@coracle/apimachinery/types/core-v1';
import { userId } from '@coracle/apimachinery/validation';
import { optionErrors } from '../../shared/field-rules.ts';
import { goStruct } from '../../shared/go-struct.ts';
import { descendingPathErrors } from './rules.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const sysctlLengthMax = 253;
const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';

export function podSecurityErrors(context: PodSecurityContext | undefined, spec: PodSpec, path: string): FieldError[] {
  if (!context) return [];
  return [
    ...idErrors(context, ['fsGroup', 'runAsUser', 'runAsGroup'], path),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      userId(id).map((text) => field.invalid(`${path}.supplementalGroups[${index}]`, id, text)),
    ),
    ...sysctlErrors(context, spec, `${path}.sysctls`),
    ...optionErrors(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`),
    ...seccompErrors(context.seccompProfile, `${path}.seccompProfile`),
    ...appArmorErrors(context.appArmorProfile, `${path}.appArmorProfile`),
    ...optionErrors(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`),
    ...optionErrors(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${path}.seLinuxChangePolicy`),
  ];
}

export function containerSecurityErrors(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: string,
): FieldError[] {
  if (!context) return [];
  const { procMount, privileged, allowPrivilegeEscalation, capabilities } = context;
  const errors = idErrors(context, ['runAsUser', 'runAsGroup'], path);
  errors.push(...optionErrors(procMount, ['Default', 'Unmasked'], `${path}.procMount`));
  if (hostUsers && procMount === 'Unmasked') {
    errors.push(field.invalid(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  errors.push(...seccompErrors(context.seccompProfile, `${path}.seccompProfile`));
  if (allowPrivilegeEscalation === false) {
    const refuse = (what: string) =>
      field.invalid(path, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
    if (privileged) errors.push(refuse('`privileged` to true'));
    if (capabilities?.add?.includes('CAP_SYS_ADMIN')) errors.push(refuse('`capabilities.Add` CAP_SYS_ADMIN'));
  }
  return [...errors, ...appArmorErrors(context.appArmorProfile, `${path}.appArmorProfile`)];
}

function idErrors<T extends object>(context: T, names: readonly (keyof T & string)[], path: string): FieldError[] {
  return names.flatMap((name) => {
    const id = context[name] as number | undefined;
    return id === undefined ? [] : userId(id).map((text) => field.invalid(`${path}.${name}`, id, text));
  });
}

/** Names of the kernel in which a sysctl lives, and what of the host a pod shares that would make it the host's. */
const ipcSysctl = /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/;

function sysctlErrors({ sysctls }: PodSecurityContext, spec: PodSpec, path: string): FieldError[] {
  const seen = new Set<string>();
  return (sysctls ?? []).flatMap(({ name }, index) => {
    const at = `${path}[${index}].name`;
    const errors: FieldError[] = [];
    if (!name) errors.push(field.required(at));
    else if (name.length > sysctlLengthMax || !new RegExp(sysctlPattern).test(name)) {
      errors.push(
        field.invalid(at, name, `must have at most ${sysctlLengthMax} characters and match regex ${sysctlPattern}`),
      );
    } else if (seen.has(name)) {
      errors.push(field.duplicate(at, name));
    }
    seen.add(name);
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) {
      errors.push(field.invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    }
    if (spec.hostIPC && ipcSysctl.test(dotted)) {
      errors.push(field.invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
    return errors;
  });
}

function seccompErrors(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (!type) errors.push(field.required(`${path}.type`, 'type is required when seccompProfile is set'));
  else errors.push(...optionErrors(type, profileTypes, `${path}.type`));
  const at = `${path}.localhostProfile`;
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined)
      errors.push(
        field.invalid(
          at,
          goStruct(profile, { type: '', localhostProfile: null }),
          'can only be set when seccomp type is Localhost',
        ),
      );
  } else if (localhostProfile === undefined) {
    errors.push(field.required(at, 'must be set when seccomp type is Localhost'));
  } else {
    errors.push(...descendingPathErrors(localhostProfile, at));
  }
  return errors;
}

function appArmorErrors(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const at = `${path}.localhostProfile`;
  if (!type) return [field.required(`${path}.type`, 'type is required when appArmorProfile is set')];
  if (!profileTypes.includes(type)) return [field.notSupported(`${path}.type`, type, profileTypes)];
  if (type !== 'Localhost') {
    if (localhostProfile === undefined) return [];
    return [field.invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  if (localhostProfile === undefined) return [field.required(at, 'must be set when AppArmor type is Localhost')];
  if (localhostProfile.trim() !== localhostProfile)
    return [field.invalid(at, localhostProfile, 'must not be padded with whitespace')];
  return localhostProfile === '' ? [field.required(at, 'must be set when AppArmor type is Localhost')] : [];
}
