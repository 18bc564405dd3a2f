/** Where things are in the store: `/registry/<prefix>/[<namespace>/]<name>`, as upstream lays it out. */
export interface KeyLayout {
  /** `/registry/pods/`, with the slash. */
  readonly root: string;
  readonly namespaced: boolean;
}

export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export function keyLayout(storeRoot: string, prefix: string, namespaced: boolean): KeyLayout {
  return { root: `${storeRoot}/${prefix}/`, namespaced };
}

export function storageKey(layout: KeyLayout, { namespace, name }: ObjectKey): string {
  return layout.namespaced ? `${layout.root}${namespace ?? ''}/${name}` : layout.root + name;
}

/** Undefined for a key that does not fit the layout: somebody else's. */
export function parseKey(layout: KeyLayout, key: string): ObjectKey | undefined {
  const rest = layout.root.length;
  const slash = key.indexOf('/', rest);
  if (!layout.namespaced) return slash < 0 ? { name: key.slice(rest) } : undefined;
  if (slash < 0 || key.indexOf('/', slash + 1) >= 0) return undefined;
  return { namespace: key.slice(rest, slash), name: key.slice(slash + 1) };
}
