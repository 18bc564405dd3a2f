/** Words that are no identifiers in CEL. */
const reserved: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var void ' +
    'while'
  ).split(' '),
);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** A property's name as an expression says it; undefined for one that none can say (k8s.io/apiserver pkg/cel/escaping.go). */
export function escapeProperty(name: string): string | undefined {
  if (name === '' || /^[0-9]/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  if (/[^a-zA-Z0-9_./-]/.test(name)) return undefined;
  return name.replace(/__|[-./]/g, (part) => escapes[part] as string);
}

const unescapes: ReadonlyMap<string, string> = new Map(
  Object.entries(escapes).map(([part, escaped]) => [escaped, part]),
);

/** The name that an escaped one stands for; names that are not escaped stay as they are. */
export function unescapeProperty(name: string): string {
  const word = /^__(.+)__$/.exec(name)?.[1];
  if (word !== undefined && reserved.has(word)) return word;
  return name.replaceAll(/__(?:underscores|dot|dash|slash)__/g, (part) => unescapes.get(part) as string);
}
