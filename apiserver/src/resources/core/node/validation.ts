import { field, type FieldError } from '@coracle/apimachinery/errors';
import type { Node, Taint } from '@coracle/apimachinery/types/core-v1';
import { labelValue, parseCidr, qualifiedName, validateLegacyCidr } from '@coracle/apimachinery/validation';
import { goStruct } from '../../shared/go-struct.ts';
import { amountsErrors } from '../../shared/quantities.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function nodeErrors(node: Node): FieldError[] {
  return [...taintErrors(node.spec?.taints, 'metadata.taints'), ...resourceErrors(node), ...podCidrErrors(node)];
}

export function nodeUpdateErrors(node: Node, old: Node): FieldError[] {
  const errors = resourceErrors(node);
  const seen = new Set<string>();
  for (const [index, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type}/${address.address}`;
    if (seen.has(key)) {
      errors.push(field.duplicate(`status.addresses[${index}]`, goStruct(address, { type: '', address: '' })));
    }
    seen.add(key);
  }
  const before = old.spec?.podCIDRs ?? [];
  const after = node.spec?.podCIDRs ?? [];
  if (before.length > 0 && (before.length !== after.length || before.some((cidr, index) => cidr !== after[index]))) {
    errors.push(field.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  const oldProvider = old.spec?.providerID ?? '';
  const provider = node.spec?.providerID ?? '';
  if (oldProvider !== '' && provider !== oldProvider) {
    const text = provider === '' ? 'field cannot be cleared once set' : 'field cannot be modified once set';
    errors.push(field.invalid('spec.providerID', null, text));
  }
  errors.push(...taintErrors(node.spec?.taints, 'metadata.taints'));
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(field.forbidden('spec.externalID', 'may not be updated'));
  }
  return errors;
}

const featureName = /^[A-Z][A-Za-z0-9]*(\/[A-Za-z0-9]+)*$/;

/** Names of features that a node says it has: in order, each once (KEP-5328). */
function featureErrors({ status }: Node): FieldError[] {
  const features = status?.declaredFeatures ?? [];
  return features.flatMap((name, index) => {
    const at = `status.declaredFeatures[${index}]`;
    const errors: FieldError[] = [];
    const before = features[index - 1];
    if (before === name) errors.push(field.duplicate(at, name));
    else if (before !== undefined && before > name)
      errors.push(field.invalid(at, name, 'list must be sorted alphabetically'));
    if (featureName.test(name)) return errors;
    const rule = "must start with an UpperCamelCase segment, with subsequent segments separated by '/'";
    const example = '(e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes';
    return [...errors, field.invalid(at, name, `invalid feature name ${JSON.stringify(name)}: ${rule} ${example}`)];
  });
}

function resourceErrors(node: Node): FieldError[] {
  const { status } = node;
  return [
    ...featureErrors(node),

    ...amountsErrors(status?.capacity, 'status.capacity'),
    ...amountsErrors(status?.allocatable, 'status.allocatable'),
  ];
}

function podCidrErrors({ spec }: Node): FieldError[] {
  const cidrs = spec?.podCIDRs ?? [];
  const errors = cidrs.flatMap((cidr, index) => validateLegacyCidr(`spec.podCIDRs[${index}]`, cidr));
  if (cidrs.length < 2) return errors;
  const families = cidrs.map((cidr) => parseCidr(cidr, true)?.address.family);
  const bad = families.indexOf(undefined);
  if (bad >= 0) {
    const text = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
    errors.push(
      field.internal('spec.podCIDRs', `invalid PodCIDRs. failed to check with dual stack with error:${text}`),
    );
  }
  if (bad >= 0 || cidrs.length > 2 || families[0] === families[1]) {
    errors.push(field.invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function taintErrors(taints: readonly Taint[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, index) => {
    const at = `${path}[${index}]`;
    const errors = qualifiedName(taint.key).map((text) => field.invalid(`${at}.key`, taint.key, text));
    const findings = labelValue(taint.value ?? '');
    if (findings.length > 0) errors.push(field.invalid(`${at}.value`, taint.value, findings.join(';')));
    if (!taint.effect) errors.push(field.required(`${at}.effect`));
    else if (!effects.includes(taint.effect)) errors.push(field.notSupported(`${at}.effect`, taint.effect, effects));
    const key = `${taint.effect}/${taint.key}`;
    if (seen.has(key)) {
      const shown = goStruct(taint, { key: '', value: '', effect: '', timeAdded: null });
      errors.push({ ...field.duplicate(at, shown), detail: 'taints must be unique by key and effect pair' });
    }
    seen.add(key);
    return errors;
  });
}
