import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { Pod, PodDNSConfig, PodResourceClaim, PodSpec } from '@coracle/apimachinery/types/core-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  inRange,
  validateLabels,
  validateLegacyIp,
} from '@coracle/apimachinery/validation';
import {
  type ContainerScope,
  containersErrors,
  ephemeralContainersErrors,
  imageSpaceErrors,
  initContainersErrors,
} from './containers.ts';
import { hostProcessErrors } from './host-process.ts';
import { podResourceErrors, resourceErrors } from './resources.ts';
import { mirrorAnnotation } from '../../shared/mirror-pod.ts';
import { formatErrors, oneOfErrors, optionErrors } from '../../shared/field-rules.ts';
import { goStruct } from '../../shared/go-struct.ts';
import { nonNegativeErrors, Unique } from './rules.ts';
import { affinityErrors, gateErrors, spreadErrors, tolerationErrors } from './scheduling.ts';
import { podSecurityErrors } from './security.ts';
import { volumeErrors } from './volumes.ts';

const int32Max = 2_147_483_647;
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/** Rules of a whole pod; `created` is false for updates. */
export function podErrors(pod: Pod, created: boolean): FieldError[] {
  const spec = pod.spec ?? { containers: [] };
  const errors = [
    ...podAnnotationErrors(pod.metadata?.annotations, spec, 'metadata.annotations'),
    ...podSpecErrors(spec, pod.metadata?.name ?? '', 'spec'),
    ...onlyPodErrors(spec),
  ];
  if (!created) return errors;
  if (spec.ephemeralContainers?.length)
    errors.push(field.forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  if (spec.nodeName && spec.schedulingGates?.length) {
    errors.push(field.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return errors;
}

function onlyPodErrors(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.serviceAccountName) {
    for (const [index, { projected }] of (spec.volumes ?? []).entries()) {
      for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
        const path = `spec.volumes[${index}].projected.sources[${position}].serviceAccountToken`;
        if (serviceAccountToken)
          errors.push(field.forbidden(path, 'must not be specified when serviceAccountName is not set'));
      }
    }
  }
  errors.push(...nonNegativeErrors(spec.terminationGracePeriodSeconds, 'spec.terminationGracePeriodSeconds'));
  for (const name of ['containers', 'initContainers'] as const) {
    errors.push(
      ...(spec[name] ?? []).flatMap((container, index) => imageSpaceErrors(container, `spec.${name}[${index}]`)),
    );
  }
  return errors;
}

/** Annotations that mean something for a pod. */
export function podAnnotationErrors(
  annotations: Readonly<Record<string, string>> | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations?.[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(
      field.invalid(`${path}[${mirrorAnnotation}]`, mirror, 'must set spec.nodeName if mirror pod annotation is set'),
    );
  }
  const cost = annotations?.[deletionCostAnnotation];
  const isNumber = cost === undefined || (/^(0|-?[1-9][0-9]*)$/.test(cost) && Math.abs(Number(cost)) <= int32Max);
  if (!isNumber) errors.push(field.invalid(`${path}[${deletionCostAnnotation}]`, cost, 'must be a 32bit integer'));
  return errors;
}

/** Rules of the spec of pods and templates; `podName` is undefined in templates. */
export function podSpecErrors(spec: PodSpec, podName: string | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.terminationGracePeriodSeconds === undefined)
    errors.push(field.required(`${path}.terminationGracePeriodSeconds`));
  const { errors: found, usable } = volumeErrors(spec.volumes, podName, `${path}.volumes`);
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name));
  const scope: ContainerScope = { spec, volumes: usable, claims };
  errors.push(...found, ...claimErrors(spec.resourceClaims, `${path}.resourceClaims`));
  errors.push(...containersErrors(scope, `${path}.containers`));
  errors.push(...initContainersErrors(scope, `${path}.initContainers`));
  errors.push(...ephemeralContainersErrors(scope, `${path}.ephemeralContainers`));
  errors.push(...podResourceErrors(spec, `${path}.resources`));
  errors.push(...hostErrors(spec, podName !== undefined, path), ...policyErrors(spec, path));
  errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  errors.push(...podSecurityErrors(spec.securityContext, spec, `${path}.securityContext`));
  errors.push(...affinityErrors(spec.affinity, `${path}.affinity`));
  errors.push(...dnsErrors(spec.dnsConfig, spec.dnsPolicy, `${path}.dnsConfig`));
  errors.push(...gateErrors(spec, path));
  errors.push(...spreadErrors(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`));
  errors.push(...hostProcessErrors(spec, path));
  errors.push(...nameErrors(spec, path));
  errors.push(...tolerationErrors(spec.tolerations, `${path}.tolerations`));
  errors.push(...aliasErrors(spec, `${path}.hostAliases`));
  if (spec.overhead) errors.push(...resourceErrors({ limits: spec.overhead }, new Set(), `${path}.overhead`));
  if (spec.os) errors.push(...osErrors(spec.os.name, `${path}.os`));
  errors.push(...fileKeyVolumeErrors(spec, path));
  return errors;
}

function hostErrors(spec: PodSpec, isPod: boolean, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.hostNetwork) {
    for (const [index, { ports }] of (spec.containers ?? []).entries()) {
      for (const [position, { hostPort = 0, containerPort }] of (ports ?? []).entries()) {
        if ((!isPod && hostPort === 0) || hostPort === containerPort) continue;
        const text = 'must match `containerPort` when `hostNetwork` is true';
        errors.push(field.invalid(`${path}.containers[${index}].ports[${position}].hostPort`, hostPort, text));
      }
    }
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(field.invalid(`${path}.shareProcessNamespace`, true, text));
  }
  if (spec.hostUsers !== false) return errors;
  const text = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(field.forbidden(`${path}.hostNetwork`, text));
  if (spec.hostPID) errors.push(field.forbidden(`${path}.HostPID`, text));
  if (spec.hostIPC) errors.push(field.forbidden(`${path}.HostIPC`, text));
  return errors;
}

function policyErrors(spec: PodSpec, path: string): FieldError[] {
  const errors = oneOfErrors(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`);
  const dns = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  errors.push(...oneOfErrors(spec.dnsPolicy, dns, `${path}.dnsPolicy`));
  const { preemptionPolicy, activeDeadlineSeconds: deadline } = spec;
  errors.push(...optionErrors(preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`));
  if (deadline !== undefined) {
    errors.push(
      ...inRange(deadline, 1, int32Max).map((text) => field.invalid(`${path}.activeDeadlineSeconds`, deadline, text)),
    );
  }
  return errors;
}

const searchesMax = 32;
const searchCharactersMax = 2048;
const nameserversMax = 3;

function dnsErrors(config: PodDNSConfig | undefined, policy: string | undefined, path: string): FieldError[] {
  if (policy === 'None') {
    if (!config) return [field.required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!config.nameservers?.length) {
      return [
        field.required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      ];
    }
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  const errors: FieldError[] = [];
  if (nameservers.length > nameserversMax) {
    errors.push(
      field.invalid(`${path}.nameservers`, nameservers, `must not have more than ${nameserversMax} nameservers`),
    );
  }
  errors.push(...nameservers.flatMap((ip, index) => validateLegacyIp(`${path}.nameservers[${index}]`, ip)));
  if (searches.length > searchesMax) {
    errors.push(field.invalid(`${path}.searches`, searches, `must not have more than ${searchesMax} search paths`));
  }
  if (searches.join(' ').length > searchCharactersMax) {
    const text = `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`;
    errors.push(field.invalid(`${path}.searches`, searches, text));
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    errors.push(
      ...formatErrors(dns1123SubdomainWithUnderscore, search.replace(/\.$/, ''), `${path}.searches[${index}]`),
    );
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(field.required(`${path}.options[${index}]`, 'must not be empty'));
  }
  return errors;
}

function nameErrors(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (name: keyof PodSpec & string, rule: (value: string) => readonly string[]) => {
    const value = spec[name];
    if (typeof value === 'string' && value !== '') errors.push(...formatErrors(rule, value, `${path}.${name}`));
  };
  errors.push(...hostnameErrors(spec, path));
  check('serviceAccountName', dns1123Subdomain);
  if ((spec.serviceAccount ?? '') !== (spec.serviceAccountName ?? '')) {
    const text = `must be the same as serviceAccountName: ${JSON.stringify(spec.serviceAccountName ?? '')}`;
    errors.push(field.invalid(`${path}.deprecatedServiceAccount`, spec.serviceAccount ?? '', text));
  }
  check('nodeName', dns1123Subdomain);
  check('hostname', dns1123Label);
  check('subdomain', dns1123Label);
  check('priorityClassName', dns1123Subdomain);
  check('runtimeClassName', dns1123Subdomain);
  return errors;
}

const hostnameBytesMax = 64;

function hostnameErrors({ hostnameOverride, setHostnameAsFQDN, hostNetwork }: PodSpec, path: string): FieldError[] {
  if (hostnameOverride === undefined) return [];
  const at = `${path}.hostnameOverride`;
  const errors: FieldError[] = [];
  if (setHostnameAsFQDN) errors.push(field.forbidden(at, 'may not be specified when setHostnameAsFQDN is true'));
  if (hostNetwork) errors.push(field.forbidden(at, 'may not be specified when hostNetwork is true'));
  if (hostnameOverride.length > hostnameBytesMax) errors.push(field.tooLong(at, hostnameBytesMax));
  return [...errors, ...formatErrors(dns1123Subdomain, hostnameOverride, at)];
}

function aliasErrors({ hostAliases }: PodSpec, path: string): FieldError[] {
  return (hostAliases ?? []).flatMap(({ ip, hostnames }, index) => [
    ...validateLegacyIp(`${path}[${index}].ip`, ip),
    ...(hostnames ?? []).flatMap((name, position) =>
      formatErrors(dns1123Subdomain, name, `${path}[${index}].hostnames[${position}]`),
    ),
  ]);
}

/** Variables come out of files of emptyDir volumes only (KEP-3721). */
function fileKeyVolumeErrors(spec: PodSpec, path: string): FieldError[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(({ env }, index) =>
      (env ?? []).flatMap(({ valueFrom }, position) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (name === undefined) return [];
        const at = `${path}.${list}[${index}].env[${position}].valueFrom.fileKeyRef.volumeName`;
        const volume = spec.volumes?.find((candidate) => candidate.name === name);
        if (!volume) return [field.notFound(at, name)];
        return volume.emptyDir ? [] : [field.invalid(at, name, 'referenced volume must be of type emptyDir')];
      }),
    ),
  );
}

function osErrors(name: string, path: string): FieldError[] {
  if (!name) return [field.required(`${path}.name`)];
  return name === 'linux' || name === 'windows' ? [] : [field.notSupported(path, name, ['linux', 'windows'])];
}

function claimErrors(claims: readonly PodResourceClaim[] | undefined, path: string): FieldError[] {
  const names = new Unique();
  return (claims ?? []).flatMap((claim, index) => {
    const at = `${path}[${index}]`;
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const shown = goStruct(claim, { name: '', resourceClaimName: null, resourceClaimTemplateName: null });
    const errors = name ? names.errors(name, `${at}.name`) : [field.required(`${at}.name`)];
    if (name && errors.length === 0) errors.push(...formatErrors(dns1123Label, name, `${at}.name`));
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.push(
        field.invalid(at, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
      );
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(field.invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    for (const [key, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
      if (value !== undefined) errors.push(...formatErrors(dns1123Subdomain, value, `${at}.${key}`));
    }
    return errors;
  });
}
