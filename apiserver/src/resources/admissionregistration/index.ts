import type { Strategy } from '../shared/registry.ts';
import { mutatingAdmissionPolicyBindingStrategy, mutatingAdmissionPolicyStrategy } from './mutating-policies.ts';
import { validatingAdmissionPolicyBindingStrategy, validatingAdmissionPolicyStrategy } from './validating-policies.ts';
import {
  mutatingWebhookConfigurationStrategy,
  validatingWebhookConfigurationStrategy,
} from './webhook-configurations.ts';

/** Kinds of the group `admissionregistration.k8s.io`. */
export const strategies: readonly Strategy[] = [
  mutatingAdmissionPolicyStrategy,
  mutatingAdmissionPolicyBindingStrategy,
  mutatingWebhookConfigurationStrategy,
  validatingAdmissionPolicyStrategy,
  validatingAdmissionPolicyBindingStrategy,
  validatingWebhookConfigurationStrategy,
];
