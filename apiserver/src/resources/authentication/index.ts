import type { Strategy } from '../../registry/strategy.ts';
import { selfSubjectReviewStrategy } from './selfsubjectreview/strategy.ts';
import { tokenReviewStrategy } from './tokenreview/strategy.ts';

/** Questions about who somebody is: answered, never stored. */
export const strategies: readonly Strategy[] = [tokenReviewStrategy as Strategy, selfSubjectReviewStrategy as Strategy];
