type Fields = Record<string, unknown>;

/**
 * RFC 7386, and with `byKey` the part of strategic merge that components use: lists of objects are merged by `type`, `name`,
 * `uid` or `ip`, whichever their items have first; `$patch: delete` takes an item away; lists of texts are united.
 */
export function mergePatch(target: unknown, patch: unknown, byKey: boolean): unknown {
  if (!isFields(patch)) return patch;
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (byKey && Array.isArray(value)) result[name] = mergeLists(result[name], value);
    else result[name] = mergePatch(result[name], value, byKey);
  }
  return result;
}

function mergeLists(target: unknown, patch: readonly unknown[]): unknown {
  const present = Array.isArray(target) ? [...target] : [];
  if (!patch.every(isFields)) return [...new Set([...present, ...patch])];
  const key = ['type', 'name', 'uid', 'ip'].find((name) => patch.every((item) => name in item));
  if (key === undefined) return patch;
  for (const item of patch) {
    const at = present.findIndex((candidate) => isFields(candidate) && candidate[key] === item[key]);
    if (item.$patch === 'delete') present.splice(at, at < 0 ? 0 : 1);
    else if (at < 0) present.push(item);
    else present[at] = mergePatch(present[at], item, true);
  }
  return present;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
