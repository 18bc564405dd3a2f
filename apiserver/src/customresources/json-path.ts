/**
 * The simple JSON paths of custom resource definitions: `.spec.replicas`, `.metadata.labels.app`,
 * `.status.conditions[?(@.type=="Ready")].status`, `.spec.list[0]`, `.spec['dotted.name']`. What kubectl's templates can do
 * beyond that (ranges, filters other than equality) no definition may use where it is read here.
 */
type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'all' }
  | { readonly type: 'filter'; readonly path: readonly string[]; readonly value: unknown };

export interface JsonPath {
  /** Every value the path leads to; empty where there is none. */
  find(value: unknown): readonly unknown[];
  /** The names where the path is plain fields, undefined where it has indexes or filters. */
  readonly fields: readonly string[] | undefined;
}

const pattern =
  /\.([A-Za-z0-9_$-][\w$-]*)|\.\*|\['((?:[^'\\]|\\.)+)'\]|\[(-?\d+)\]|\[\*\]|\[\?\(\s*@((?:\.[\w$-]+)+)\s*==\s*("[^"]*"|'[^']*'|[\w.-]+)\s*\)\]/y;
const stepsMax = 64;

/** Throws Error, naming the place, where the path is not of this form. */
export function parseJsonPath(path: string): JsonPath {
  const text = path.startsWith('{') && path.endsWith('}') ? path.slice(1, -1) : path;
  const whole = text.startsWith('.') || text.startsWith('[') ? text : `.${text}`;
  const steps: Step[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < whole.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(whole);
    if (match === null || steps.length >= stepsMax) throw new Error(`unrecognized character at ${at} of ${path}`);
    steps.push(stepOf(match));
  }
  const fields = steps.map((step) => (step.type === 'field' ? step.name : undefined));
  return {
    find: (value) =>
      steps.reduce<readonly unknown[]>((values, step) => values.flatMap((each) => follow(each, step)), [value]),
    fields: fields.every((name) => name !== undefined) ? fields : undefined,
  };
}

function stepOf([whole, name, quoted, index, filterPath, filterValue]: RegExpExecArray): Step {
  if (name !== undefined) return { type: 'field', name };
  if (quoted !== undefined) return { type: 'field', name: quoted.replace(/\\(.)/g, '$1') };
  if (index !== undefined) return { type: 'index', index: Number(index) };
  if (filterPath !== undefined) {
    return { type: 'filter', path: filterPath.slice(1).split('.'), value: literal(filterValue ?? '') };
  }
  if (whole === '.*' || whole === '[*]') return { type: 'all' };
  throw new Error(`unrecognized step ${whole}`);
}

function literal(text: string): unknown {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function follow(value: unknown, step: Step): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  switch (step.type) {
    case 'field':
      return own(value, step.name);
    case 'index':
      return Array.isArray(value) ? present(value.at(step.index)) : [];
    case 'all':
      return Object.values(value);
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item: unknown) => {
        const [found] = step.path.reduce<readonly unknown[]>(
          (values, name) => values.flatMap((each) => follow(each, { type: 'field', name })),
          [item],
        );
        return found === step.value;
      });
  }
}

function own(value: object, name: string): readonly unknown[] {
  return !Array.isArray(value) && Object.hasOwn(value, name) ? present((value as Record<string, unknown>)[name]) : [];
}

function present(value: unknown): readonly unknown[] {
  return value === undefined ? [] : [value];
}
