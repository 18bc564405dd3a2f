import type { LimitRange, LimitRangeItem } from '@coracle/apimachinery/types/core-v1';
import { roundUpToMilli } from '../pod/pod-spec-defaults.ts';
import type { Strategy } from '../../shared/registry.ts';
import { limitRangeErrors } from './validation.ts';

/** Source: pkg/registry/core/limitrange. */
export const limitRangeStrategy: Strategy<LimitRange> = {
  resource: { group: '', resource: 'limitranges' },
  createOnUpdate: true,
  generation: 'none',
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) setItemDefaults(item);
  },
  validate: limitRangeErrors,
};

/** Defaults of containers come from the maximum, default requests from default limits, then from the minimum. */
function setItemDefaults(item: LimitRangeItem): void {
  for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) {
    if (list) roundUpToMilli(list);
  }
  if (item.type !== 'Container') return;
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
}
