/**
 * A set of fields **is** its wire form (FieldsV1): an object of path elements, `f:` a field's name, `k:` the keys of a list
 * item, `v:` the value of a set's item. `{}` is a member without members below it; `.` inside says that an element with
 * members below it is a member itself. Nothing is decoded or encoded: sets are read, combined and stored as they are.
 *
 * Sets are never changed: every operation answers a new one that shares the parts that did not change. Elements are in
 * the order of their text, which is upstream's for field names.
 *
 * Example: `{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{}}}` holds metadata.labels,
 * metadata.labels.app and spec.replicas.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** No field at all. Below the top the same value is a member without members below it. */
export const emptySet: FieldSet = Object.freeze({});

const self = '.';

export function isEmptySet(set: FieldSet | undefined): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the element that `node` stands for is itself in the set. */
export function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmptySet(node);
}

/**
 * A node below the top from its parts; undefined where neither it nor anything below it is in the set. `entries` may
 * come in any order and belongs to the node from then on.
 */
export function makeNode(member: boolean, entries: [element: string, node: FieldSet][]): FieldSet | undefined {
  if (entries.length === 0) return member ? emptySet : undefined;
  sortEntries(entries);
  const node: Record<string, FieldSet> = {};
  if (member) node[self] = emptySet;
  for (const [element, child] of entries) node[element] = child;
  return node;
}

/** A whole set from its top elements. */
export function makeSet(entries: [element: string, node: FieldSet][]): FieldSet {
  return makeNode(false, entries) ?? emptySet;
}

function sortEntries(entries: [string, FieldSet][]): void {
  for (let index = 1; index < entries.length; index++) {
    if ((entries[index - 1] as [string, FieldSet])[0] > (entries[index] as [string, FieldSet])[0]) {
      entries.sort((a, b) => (a[0] < b[0] ? -1 : 1));
      return;
    }
  }
}

/** Members of `a` or `b`. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  return makeSet(unionEntries(a, b).entries);
}

/** Members of both. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(a)) return a;
  if (isEmptySet(b)) return emptySet;
  return atTop(intersectNodes(a, b, false));
}

/** Members of `a` that are not in `b`. Members below a member of `b` stay: see `withoutTrees`. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  return atTop(subtractNodes(a, b, false));
}

/** Members of `a` that neither are in `b` nor lie below a member of `b`. */
export function withoutTrees(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  return atTop(cutNodes(a, b, false));
}

function atTop(node: FieldSet | undefined): FieldSet {
  return node ?? emptySet;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const member = isMember(a) || isMember(b);
  const { entries, changed } = unionEntries(a, b);
  return changed || member !== isMember(a) ? (makeNode(member, entries) as FieldSet) : a;
}

function unionEntries(a: FieldSet, b: FieldSet): { entries: [string, FieldSet][]; changed: boolean } {
  const entries: [string, FieldSet][] = [];
  let changed = false;
  for (const element in a) {
    if (element === self) continue;
    const other = b[element];
    const child = a[element] as FieldSet;
    const merged = other === undefined ? child : unionNodes(child, other);
    if (merged !== child) changed = true;
    entries.push([element, merged]);
  }
  for (const element in b) {
    if (element === self || a[element] !== undefined) continue;
    changed = true;
    entries.push([element, b[element] as FieldSet]);
  }
  return { entries, changed };
}

function intersectNodes(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  const entries: [string, FieldSet][] = [];
  for (const element in a) {
    const other = element === self ? undefined : b[element];
    if (other === undefined) continue;
    const child = a[element] as FieldSet;
    const common = child === other ? child : intersectNodes(child, other, isMember(child) && isMember(other));
    if (common !== undefined) entries.push([element, common]);
  }
  return makeNode(member, entries);
}

function subtractNodes(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  return mapNode(a, member, (child, element) => {
    const other = b[element];
    return other === undefined ? child : subtractNodes(child, other, isMember(child) && !isMember(other));
  });
}

function cutNodes(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  return mapNode(a, member, (child, element) => {
    const other = b[element];
    if (other === undefined) return child;
    return isMember(other) ? undefined : cutNodes(child, other, isMember(child));
  });
}

/** The node with every element mapped; the same node where nothing changed. */
function mapNode(
  node: FieldSet,
  member: boolean,
  change: (child: FieldSet, element: string) => FieldSet | undefined,
): FieldSet | undefined {
  const entries: [string, FieldSet][] = [];
  let changed = member !== Object.hasOwn(node, self);
  for (const element in node) {
    if (element === self) continue;
    const child = node[element] as FieldSet;
    const mapped = change(child, element);
    if (mapped !== child) changed = true;
    if (mapped !== undefined) entries.push([element, mapped]);
  }
  return changed || entries.length === 0 ? makeNode(member, entries) : node;
}

/** Whether the member at a path of elements is in the set. */
export function hasMember(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** Whether every member of `a` is in `b`. */
export function isSubset(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  for (const element in a) {
    if (element === self) continue;
    const child = a[element] as FieldSet;
    const other = b[element];
    if (other === undefined || (isMember(child) && !isMember(other)) || !isSubset(child, other)) return false;
  }
  return true;
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  return isSubset(a, b) && isSubset(b, a);
}

/** The paths of all members, parents before what is below them. */
export function* membersOf(set: FieldSet, prefix: readonly string[] = []): Iterable<readonly string[]> {
  for (const element in set) {
    if (element === self) continue;
    const node = set[element] as FieldSet;
    const path = [...prefix, element];
    if (isMember(node)) yield path;
    yield* membersOf(node, path);
  }
}

/** The set of some paths of field names: what reset fields are given as. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  let set = emptySet;
  for (const path of paths) {
    let node: FieldSet = emptySet;
    for (const name of path.toReversed()) node = { [`f:${name}`]: node };
    set = unionOf(set, node);
  }
  return set;
}
