import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '@coracle/apimachinery/types/flowcontrol-v1';
import { rangeText } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { mandatoryLevels } from '../../flowcontrol/bootstrap.ts';
import { validateConditionTypes } from './conditions.ts';
import { validateFixed } from './fixed.ts';
import { goPriorityLevelSpec } from './go-form.ts';

const queuesMax = 10_000_000;
/** Bits of a request's hash: what shuffle sharding can deal with. */
const hashBits = 60;

export const priorityLevelConfigurationStrategy: Strategy<PriorityLevelConfiguration> = {
  resource: { group: 'flowcontrol.apiserver.k8s.io', resource: 'prioritylevelconfigurations' },
  judgesNamesAgain: true,
  defaults: (object) => setDefaults(specOf(object)),
  validate: (object) => [
    ...validateSpec(object.metadata?.name ?? '', specOf(object)),
    ...validateFixed(
      object,
      mandatoryLevels(),
      () => goPriorityLevelSpec(specOf(object)),
      object.metadata?.name === 'exempt' ? " except the 'spec.exempt' field" : '',
    ),
  ],
  table: {
    columns: [
      nameColumn,
      column('Type', 'string', 'Whether it is limited'),
      column('NominalConcurrencyShares', 'string', 'Its part of what the server does at once'),
      column('Queues', 'string', 'Queues of waiting requests'),
      column('HandSize', 'string', 'Queues that a flow may wait in'),
      column('QueueLengthLimit', 'string', 'Requests that wait in one queue at most'),
      ageColumn,
    ],
    row(object, now) {
      const limited = object.spec?.limited;
      const queuing = limited?.limitResponse?.queuing;
      return [
        object.metadata?.name,
        object.spec?.type,
        limited === undefined ? '<none>' : (limited.nominalConcurrencyShares ?? 0),
        queuing?.queues ?? '<none>',
        queuing?.handSize ?? '<none>',
        queuing?.queueLengthLimit ?? '<none>',
        ageOf(object, now),
      ];
    },
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: specAndMetadata,
      validateUpdate: (object) => validateConditionTypes(object.status?.conditions ?? []),
    },
  },
};

function setDefaults({ exempt, limited }: PriorityLevelConfigurationSpec): void {
  if (exempt !== undefined) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited === undefined) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (queuing === undefined) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

/** pkg/apis/flowcontrol/validation.ValidatePriorityLevelConfigurationSpec */
function validateSpec(name: string, { type, exempt, limited }: PriorityLevelConfigurationSpec): FieldError[] {
  const errors: FieldError[] = [];
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(field.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(field.forbidden('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt !== undefined) {
      errors.push(...validateShares(exempt, 'spec.exempt'), ...validateLending(exempt, 'spec.exempt'));
    }
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(field.forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (limited === undefined) errors.push(field.required('spec.limited'));
    else errors.push(...validateLimited(limited, 'spec.limited'));
  } else if (!type) {
    errors.push(field.required('spec.type'));
  } else {
    errors.push(field.notSupported('spec.type', type, ['Exempt', 'Limited']));
    if (limited !== undefined) errors.push(field.forbidden('spec.limited', ''));
  }
  return errors;
}

function validateShares(
  { nominalConcurrencyShares: shares = 0 }: ExemptPriorityLevelConfiguration,
  path: string,
): FieldError[] {
  if (shares >= 0) return [];
  return [field.invalid(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')];
}

function validateLending({ lendablePercent = 0 }: ExemptPriorityLevelConfiguration, path: string): FieldError[] {
  if (lendablePercent >= 0 && lendablePercent <= 100) return [];
  return [field.invalid(`${path}.lendablePercent`, lendablePercent, rangeText(0, 100))];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, path: string): FieldError[] {
  const errors = validateShares(limited, path);
  errors.push(...validateResponse(limited.limitResponse, `${path}.limitResponse`));
  errors.push(...validateLending(limited, path));
  const percent = limited.borrowingLimitPercent ?? 0;
  if (percent < 0) {
    const text = 'if specified, must be a non-negative integer';
    errors.push(field.invalid(`${path}.borrowingLimitPercent`, percent, text));
  }
  return errors;
}

function validateResponse(response: LimitResponse | undefined, path: string): FieldError[] {
  const { type, queuing } = response ?? ({} as Partial<LimitResponse>);
  const at = `${path}.queuing`;
  if (type === 'Reject') {
    if (queuing === undefined) return [];
    return [field.forbidden(at, '')];
  }
  if (!type) return [field.required(`${path}.type`)];
  if (type !== 'Queue') return [field.notSupported(`${path}.type`, type, ['Queue', 'Reject'])];
  if (queuing === undefined) return [field.required(at, 'must not be empty if limited.limitResponse.type is Limited')];
  return validateQueuing(queuing, at);
}

function validateQueuing(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0)
    errors.push(field.invalid(`${path}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(field.invalid(`${path}.queues`, queues, 'must be positive'));
  else if (queues > queuesMax) {
    errors.push(field.invalid(`${path}.queues`, queues, `must not be greater than ${queuesMax}`));
  }
  const problem = (text: string) => errors.push(field.invalid(`${path}.handSize`, handSize, text));
  if (handSize <= 0) problem('must be positive');
  else if (handSize > queues) problem(`should not be greater than queues (${queues})`);
  else {
    const bits = entropyBits(queues, handSize);
    const what = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    if (bits > hashBits) problem(`${what} should not be greater than ${hashBits}`);
  }
  return errors;
}

/** Bits of hash that dealing a hand takes (apiserver/pkg/util/shufflesharding.RequiredEntropyBits). */
function entropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}
