import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  Volume,
} from '@coracle/apimachinery/types/core-v1';
import { dns1123Label, portName, portNumber } from '@coracle/apimachinery/validation';
import { portProtocols } from '../../shared/network.ts';
import { environmentErrors, environmentSourceErrors } from './environment.ts';
import { mountErrors } from './mounts.ts';
import { lifecycleErrors, probeErrors, type ProbeKind } from './probes.ts';
import { resourceErrors } from './resources.ts';
import { formatErrors, oneOfErrors, optionErrors } from '../../shared/field-rules.ts';
import { Unique } from './rules.ts';
import { containerSecurityErrors } from './security.ts';
import { pullPolicies } from './volumes.ts';

/** What the containers of one pod are checked against. */
export interface ContainerScope {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
}

const probes: readonly ProbeKind[] = ['livenessProbe', 'readinessProbe', 'startupProbe'];

export function containersErrors(scope: ContainerScope, path: string): FieldError[] {
  const { containers, terminationGracePeriodSeconds: grace } = scope.spec;
  if (!containers?.length) return [field.required(path)];
  const names = new Unique();
  const errors = containers.flatMap((container, index) => {
    const at = `${path}[${index}]`;
    return [
      ...commonErrors(container, scope, at),
      ...names.errors(container.name, `${at}.name`),
      ...lifecycleErrors(container.lifecycle, grace, `${at}.lifecycle`),
      ...probes.flatMap((kind) => probeErrors(container[kind], kind, grace, `${at}.${kind}`)),
      ...restartErrors(container, at),
    ];
  });
  return [...errors, ...hostPortErrors(containers, path)];
}

export function initContainersErrors(scope: ContainerScope, path: string): FieldError[] {
  const { containers, initContainers, terminationGracePeriodSeconds: grace } = scope.spec;
  const names = new Unique((containers ?? []).map(({ name }) => name));
  return (initContainers ?? []).flatMap((container, index) => {
    const at = `${path}[${index}]`;
    const restart = restartErrors(container, at);
    // Without a policy its rules are not looked at here.
    const isWhole = container.restartPolicy !== undefined;
    const errors = [...commonErrors(container, scope, at), ...(isWhole ? restart : restart.slice(0, 1))];
    errors.push(...names.errors(container.name, `${at}.name`), ...hostPortErrors([container], path));
    if (container.restartPolicy === 'Always') {
      errors.push(...lifecycleErrors(container.lifecycle, grace, `${at}.lifecycle`));
      errors.push(...probes.flatMap((kind) => probeErrors(container[kind], kind, grace, `${at}.${kind}`)));
      return errors;
    }
    const text = 'may not be set for init containers without restartPolicy=Always';
    for (const name of ['lifecycle', ...probes] as const) {
      if (container[name] !== undefined) errors.push(field.forbidden(`${at}.${name}`, text));
    }
    for (const [position, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
      if (restartPolicy !== 'RestartContainer') continue;
      const words = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      errors.push(field.invalid(`${at}.resizePolicy[${position}].restartPolicy`, restartPolicy, words));
    }
    return errors;
  });
}

/** Fields of a container that mean nothing for one that is added while the pod runs. */
const notEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

export function ephemeralContainersErrors(scope: ContainerScope, path: string): FieldError[] {
  const { containers, initContainers, ephemeralContainers } = scope.spec;
  const others = [...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name);
  const names = new Unique(others);
  return (ephemeralContainers ?? []).flatMap((container, index) => {
    const at = `${path}[${index}]`;
    const errors = [...commonErrors(container, scope, at), ...imageSpaceErrors(container, at)];
    errors.push(...names.errors(container.name, `${at}.name`));
    const target = container.targetContainerName;
    if (target && !others.includes(target)) errors.push(field.notFound(`${at}.targetContainerName`, target));
    const text = 'cannot be set for an Ephemeral Container';
    for (const name of notEphemeral) {
      if (container[name] !== undefined) errors.push(field.forbidden(`${at}.${name}`, text));
    }
    if (Object.keys(container.resources ?? {}).length > 0) errors.push(field.forbidden(`${at}.resources`, text));
    for (const [position, mount] of (container.volumeMounts ?? []).entries()) {
      for (const name of ['subPath', 'subPathExpr'] as const) {
        if (mount[name]) errors.push(field.forbidden(`${at}.volumeMounts[${position}].${name}`, text));
      }
    }
    return errors;
  });
}

function commonErrors(
  container: Container | EphemeralContainer,
  { spec, volumes, claims }: ContainerScope,
  path: string,
): FieldError[] {
  const { name, image, terminationMessagePolicy, imagePullPolicy, securityContext } = container;
  return [
    ...(name ? formatErrors(dns1123Label, name, `${path}.name`) : [field.required(`${path}.name`)]),
    ...(image ? [] : [field.required(`${path}.image`)]),
    ...oneOfErrors(terminationMessagePolicy, ['File', 'FallbackToLogsOnError'], `${path}.terminationMessagePolicy`),
    ...portsErrors(container.ports, `${path}.ports`),
    ...environmentErrors(container.env, `${path}.env`),
    ...environmentSourceErrors(container.envFrom, `${path}.envFrom`),
    ...mountErrors(container, volumes, path),
    ...oneOfErrors(imagePullPolicy, pullPolicies, `${path}.imagePullPolicy`),
    ...resourceErrors(container.resources, claims, `${path}.resources`),
    ...resizePolicyErrors(container, spec.restartPolicy, `${path}.resizePolicy`),
    ...containerSecurityErrors(securityContext, spec.hostUsers !== false, `${path}.securityContext`),
  ];
}

/** Rules that pods have and templates do not. */
export function imageSpaceErrors({ image = '' }: { image?: string }, path: string): FieldError[] {
  return image.trim() === image
    ? []
    : [field.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

function portsErrors(ports: readonly ContainerPort[] | undefined, path: string): FieldError[] {
  const names = new Unique();
  return (ports ?? []).flatMap(({ name, containerPort, hostPort, protocol }, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (name) {
      const findings = formatErrors(portName, name, `${at}.name`);
      errors.push(...(findings.length > 0 ? findings : names.errors(name, `${at}.name`)));
    }
    if (!containerPort) errors.push(field.required(`${at}.containerPort`));
    else
      errors.push(
        ...portNumber(containerPort).map((text) => field.invalid(`${at}.containerPort`, containerPort, text)),
      );
    if (hostPort) errors.push(...portNumber(hostPort).map((text) => field.invalid(`${at}.hostPort`, hostPort, text)));
    return [...errors, ...oneOfErrors(protocol, portProtocols, `${at}.protocol`)];
  });
}

function hostPortErrors(containers: readonly Container[], path: string): FieldError[] {
  const used = new Unique();
  return containers.flatMap(({ ports }, index) =>
    (ports ?? []).flatMap(({ hostPort, hostIP = '', protocol }, position) =>
      hostPort ? used.errors(`${protocol}/${hostIP}/${hostPort}`, `${path}[${index}].ports[${position}].hostPort`) : [],
    ),
  );
}

function resizePolicyErrors(
  { resizePolicy }: Container | EphemeralContainer,
  podPolicy: string | undefined,
  path: string,
): FieldError[] {
  const names = new Unique();
  return (resizePolicy ?? []).flatMap(({ resourceName, restartPolicy }, index) => {
    const errors = names.errors(resourceName, `${path}[${index}]`);
    errors.push(...oneOfErrors(resourceName, ['cpu', 'memory'], path));
    errors.push(...oneOfErrors(restartPolicy, ['NotRequired', 'RestartContainer'], path));
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(field.invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

const restartRulesMax = 20;
const exitCodesMax = 255;

/** A restart policy of the container's own, and rules by exit code (KEP-5307). */
function restartErrors({ restartPolicy, restartPolicyRules = [] }: Container, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${path}.restartPolicy`;
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length > 0)
      errors.push(field.required(at, 'must specify restartPolicy when restart rules are used'));
  } else {
    errors.push(...optionErrors(restartPolicy, ['Always', 'Never', 'OnFailure'], at));
  }
  if (restartPolicyRules.length > restartRulesMax) {
    errors.push(field.tooMany(`${path}.restartPolicyRules`, restartPolicyRules.length, restartRulesMax));
  }
  for (const [index, { action, exitCodes }] of restartPolicyRules.entries()) {
    const rule = `${path}.restartPolicyRules[${index}]`;
    errors.push(...optionErrors(action, ['Restart', 'RestartAllContainers'], `${rule}.action`));
    if (!exitCodes) {
      errors.push(field.required(`${rule}.exitCodes`, 'must be specified'));
      continue;
    }
    errors.push(...optionErrors(exitCodes.operator, ['In', 'NotIn'], `${rule}.exitCodes.operator`));
    const count = exitCodes.values?.length ?? 0;
    if (count > exitCodesMax) errors.push(field.tooMany(`${rule}.exitCodes.values`, count, exitCodesMax));
  }
  return errors;
}
