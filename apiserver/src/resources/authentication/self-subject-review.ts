import type { SelfSubjectReview } from '@coracle/apimachinery/types/authentication-v1';
import type { Strategy } from '../../registry/strategy.ts';
import { timestamp } from '../../registry/metadata.ts';
import { userOnTheWire } from './user-on-the-wire.ts';

/** `kubectl auth whoami`: upstream pkg/registry/authentication/selfsubjectreview. */
export const selfSubjectReviewStrategy: Strategy<SelfSubjectReview> = {
  resource: { group: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
  validateName: () => [],
  answer: (review, { user, environment }) => ({
    ...review,
    metadata: { creationTimestamp: timestamp(environment.clock.now()) },
    status: { userInfo: userOnTheWire(user) },
  }),
};
