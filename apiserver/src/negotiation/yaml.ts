import { dump } from 'js-yaml';

/** Block-style YAML with sorted keys, as upstream prints it. */
export function toYaml(value: unknown): string {
  return dump(value, { noRefs: true, sortKeys: true, lineWidth: -1 });
}
