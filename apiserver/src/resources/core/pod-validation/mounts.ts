import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { Container, EphemeralContainer, Volume, VolumeMount } from '@coracle/apimachinery/types/core-v1';
import { descendingPathErrors, noBackstepErrors } from './rules.ts';

type Volumes = ReadonlyMap<string, Volume>;
type Mounting = Pick<Container | EphemeralContainer, 'volumeMounts' | 'volumeDevices' | 'securityContext'>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

export function mountErrors(container: Mounting, volumes: Volumes, path: string): FieldError[] {
  const { volumeMounts = [], volumeDevices = [] } = container;
  const at = `${path}.volumeMounts`;
  const paths = new Set<string>();
  const errors = volumeMounts.flatMap((mount, index) => {
    const found = oneMountErrors(mount, container, volumes, at, `${at}[${index}]`);
    if (paths.has(mount.mountPath))
      found.push(field.invalid(`${at}[${index}].mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (volumeDevices.some(({ name }) => name === mount.name)) {
      found.push(field.invalid(`${at}[${index}].name`, mount.name, 'must not already exist in volumeDevices'));
    }
    if (volumeDevices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      const text = 'must not already exist as a path in volumeDevices';
      found.push(field.invalid(`${at}[${index}].mountPath`, mount.mountPath, text));
    }
    return found;
  });
  return [...errors, ...deviceErrors(container, volumes, `${path}.volumeDevices`)];
}

function oneMountErrors(
  mount: VolumeMount,
  container: Mounting,
  volumes: Volumes,
  list: string,
  path: string,
): FieldError[] {
  const { name, mountPath, subPath, subPathExpr } = mount;
  const errors: FieldError[] = [];
  if (!name) errors.push(field.required(`${path}.name`));
  if (!volumes.has(name)) errors.push(field.notFound(`${path}.name`, name));
  if (!mountPath) errors.push(field.required(`${path}.mountPath`));
  if (subPath) errors.push(...descendingPathErrors(subPath, `${list}.subPath`));
  if (subPathExpr) {
    const text = 'subPathExpr and subPath are mutually exclusive';
    if (subPath) errors.push(field.invalid(`${path}.subPathExpr`, subPathExpr, text));
    errors.push(...descendingPathErrors(subPathExpr, `${list}.subPathExpr`));
  }
  return [...errors, ...propagationErrors(mount, container, list)];
}

function propagationErrors(
  { mountPropagation, recursiveReadOnly, readOnly }: VolumeMount,
  container: Mounting,
  list: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const path = `${list}.mountPropagation`;
  if (mountPropagation !== undefined && !propagations.includes(mountPropagation)) {
    errors.push(field.notSupported(path, mountPropagation, propagations));
  }
  if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    errors.push(field.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return errors;
  const at = `${list}.recursiveReadOnly`;
  if (!recursions.includes(recursiveReadOnly))
    return [...errors, field.notSupported(at, recursiveReadOnly, recursions)];
  if (!readOnly) errors.push(field.forbidden(at, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.push(field.forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  }
  return errors;
}

function deviceErrors(
  { volumeDevices = [], volumeMounts = [] }: Mounting,
  volumes: Volumes,
  path: string,
): FieldError[] {
  const names = new Set<string>();
  const paths = new Set<string>();
  return volumeDevices.flatMap(({ name, devicePath }, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    const volume = volumes.get(name);
    if (!name) errors.push(field.required(`${at}.name`));
    if (names.has(name)) errors.push(field.invalid(`${at}.name`, name, 'must be unique'));
    if (!volume) errors.push(field.notFound(`${at}.name`, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(field.invalid(`${at}.name`, name, text));
    }
    if (!devicePath) errors.push(field.required(`${at}.devicePath`));
    if (paths.has(devicePath)) errors.push(field.invalid(`${at}.devicePath`, devicePath, 'must be unique'));
    if (devicePath && noBackstepErrors(devicePath, '').length > 0) {
      errors.push(field.invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
    } else {
      paths.add(devicePath);
    }
    if (volumeMounts.some((mount) => mount.name === name)) {
      errors.push(field.invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
    }
    if (volumeMounts.some(({ mountPath }) => mountPath === devicePath)) {
      errors.push(field.invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name) names.add(name);
    return errors;
  });
}
