/** One place where two JSON values differ; absent values are undefined. */
export interface Difference {
  /** Keys from the outside in; an item of a list is called by what names it, `[name=pods]`. */
  readonly at: readonly string[];
  readonly theirs: unknown;
  readonly ours: unknown;
}

/** Every place where two JSON values differ, the outermost where one of them has nothing. */
export function differences(theirs: unknown, ours: unknown, at: readonly string[] = []): Difference[] {
  if (Array.isArray(theirs) && Array.isArray(ours)) return listDifferences(theirs, ours, at);
  if (!isObject(theirs) || !isObject(ours)) {
    return theirs === ours ? [] : [{ at, theirs, ours }];
  }
  const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
  return [...keys].sort().flatMap((key) => differences(theirs[key], ours[key], [...at, key]));
}

function listDifferences(theirs: readonly unknown[], ours: readonly unknown[], at: readonly string[]): Difference[] {
  const [named, ourNamed] = [byName(theirs), byName(ours)];
  if (named === undefined || ourNamed === undefined) {
    const length = Math.max(theirs.length, ours.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differences(theirs[index], ours[index], [...at, `[${index}]`]),
    );
  }
  const found = differences(Object.fromEntries(named), Object.fromEntries(ourNamed), at);
  const common = [...named.keys()].filter((name) => ourNamed.has(name));
  const ourCommon = [...ourNamed.keys()].filter((name) => named.has(name));
  if (common.join() !== ourCommon.join()) found.push({ at: [...at, '[order]'], theirs: common, ours: ourCommon });
  return found;
}

/** Fields that name an item, the first that all items have: parameters by place and name, resources, groups, versions. */
const naming: readonly ((item: Json) => unknown)[] = [
  (item) => (item['in'] === undefined ? undefined : item['name'] && `${String(item['in'])} ${String(item['name'])}`),
  (item) => item['name'],
  (item) => item['resource'],
  (item) => item['subresource'],
  (item) => item['groupVersion'],
  (item) => item['version'],
  (item) => (isObject(item['metadata']) ? item['metadata']['name'] : undefined),
];

function byName(items: readonly unknown[]): Map<string, unknown> | undefined {
  if (items.length === 0 || !items.every(isObject)) return undefined;
  for (const nameOf of naming) {
    const names = items.map(nameOf);
    if (names.every((name) => typeof name === 'string') && new Set(names).size === names.length) {
      return new Map(items.map((item, index) => [`[${String(names[index])}]`, item]));
    }
  }
  return undefined;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
