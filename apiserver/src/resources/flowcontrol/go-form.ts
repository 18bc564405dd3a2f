import type {
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '@coracle/apimachinery/types/flowcontrol-v1';
import { goStruct } from '../shared/go-struct.ts';

/** A spec as upstream prints it where it refuses it. */
export function goFlowSchemaSpec(spec: FlowSchemaSpec): object {
  const { priorityLevelConfiguration: level, distinguisherMethod: method, rules } = spec;
  const shown = {
    ...spec,
    priorityLevelConfiguration: goStruct(level, { name: '' }),
    distinguisherMethod: method && goStruct(method, { type: '' }),
    rules: rules?.map(goRules),
  };
  return goStruct(shown, {
    priorityLevelConfiguration: null,
    matchingPrecedence: 0,
    distinguisherMethod: null,
    rules: null,
  });
}

function goRules({ subjects, resourceRules, nonResourceRules }: PolicyRulesWithSubjects): object {
  const shown = {
    subjects: subjects?.map(goSubject),
    resourceRules: resourceRules?.map(goResourceRule),
    nonResourceRules: nonResourceRules?.map((rule) => goStruct(rule, { verbs: null, nonResourceURLs: null })),
  };
  return goStruct(shown, { subjects: null, resourceRules: null, nonResourceRules: null });
}

function goSubject({ kind, user, group, serviceAccount }: Subject): object {
  const shown = {
    kind,
    user: user && goStruct(user, { name: '' }),
    group: group && goStruct(group, { name: '' }),
    serviceAccount: serviceAccount && goStruct(serviceAccount, { namespace: '', name: '' }),
  };
  return goStruct(shown, { kind: '', user: null, group: null, serviceAccount: null });
}

function goResourceRule({ apiGroups: APIGroups, ...rule }: ResourcePolicyRule): object {
  const zeros = { verbs: null, APIGroups: null, resources: null, clusterScope: false, namespaces: null };
  return goStruct({ ...rule, APIGroups }, zeros);
}

export function goPriorityLevelSpec({ type, limited, exempt }: PriorityLevelConfigurationSpec): object {
  const response = limited?.limitResponse;
  const queuing = response?.queuing && goStruct(response.queuing, { queues: 0, handSize: 0, queueLengthLimit: 0 });
  const limitResponse = goStruct({ type: response?.type, queuing }, { type: '', queuing: null });
  const shown = {
    type,
    limited:
      limited &&
      goStruct(
        { ...limited, limitResponse },
        { nominalConcurrencyShares: 0, limitResponse: null, lendablePercent: null, borrowingLimitPercent: null },
      ),
    exempt: exempt && goStruct(exempt, { nominalConcurrencyShares: null, lendablePercent: null }),
  };
  return goStruct(shown, { type: '', limited: null, exempt: null });
}
