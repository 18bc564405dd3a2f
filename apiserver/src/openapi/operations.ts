import {
  groupVersion,
  type GroupVersionKind,
  type ResourceRow,
  type SubresourceRow,
} from '@coracle/apimachinery/schema';

/** What a resource can be asked, version-neutral: `v2.ts` and `v3.ts` print it in their own grammar. */
export interface PathItem {
  readonly path: string;
  /** Parameters of every operation of the path. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options';
  readonly operationId: string;
  readonly tag: string;
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** Definition names. */
  readonly body?: { readonly definition: string; readonly required: boolean };
  readonly isPatch?: boolean;
  readonly response?: string;
  readonly codes: readonly number[];
  readonly isList?: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const query = (type: Parameter['type'], ...names: readonly string[]): Parameter[] =>
  names.map((name) => ({ name, in: 'query', type }));

const dryRun = query('string', 'dryRun');
const writing = [...dryRun, ...query('string', 'fieldManager', 'fieldValidation')];
const patching = [...writing, ...query('boolean', 'force')];
const deleting = [
  ...dryRun,
  ...query('integer', 'gracePeriodSeconds'),
  ...query('boolean', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents'),
  ...query('string', 'propagationPolicy'),
];
const listing = [
  ...query('boolean', 'allowWatchBookmarks'),
  ...query('string', 'continue', 'fieldSelector', 'labelSelector'),
  ...query('integer', 'limit'),
  ...query('string', 'resourceVersion', 'resourceVersionMatch'),
  ...query('boolean', 'sendInitialEvents'),
  ...query('integer', 'timeoutSeconds'),
  ...query('boolean', 'watch'),
];
const collection = [...listing.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...deleting];
const pretty = query('string', 'pretty');
const nameParameter: Parameter = { name: 'name', in: 'path', type: 'string' };
const namespaceParameter: Parameter = { name: 'namespace', in: 'path', type: 'string' };

/** Finds the definition that a kind has in the documents. */
export type DefinitionOf = (kind: GroupVersionKind) => string | undefined;

/** All paths of one resource at one version. */
export function pathsOf(row: ResourceRow, definitionOf: DefinitionOf): PathItem[] {
  const kind: GroupVersionKind = { group: row.group, version: row.version, kind: row.kind };
  const scope = new Names(row, kind, definitionOf);
  const items = [scope.collection(), scope.item()];
  if (row.namespaced) items.push(scope.allNamespaces());
  for (const subresource of row.subresources) items.push(scope.subresource(subresource));
  return items.filter((item) => item.operations.length > 0);
}

class Names {
  readonly #row: ResourceRow;
  readonly #kind: GroupVersionKind;
  readonly #definitionOf: DefinitionOf;
  readonly #tag: string;
  readonly #prefix: string;

  constructor(row: ResourceRow, kind: GroupVersionKind, definitionOf: DefinitionOf) {
    this.#row = row;
    this.#kind = kind;
    this.#definitionOf = definitionOf;
    this.#tag = tagOf(row);
    this.#prefix = pascal(this.#tag.replace('_', '.'));
  }

  collection(): PathItem {
    const row = this.#row;
    const has = (verb: string) => row.verbs.some((each) => each === verb);
    const scoped = row.namespaced ? `Namespaced${row.kind}` : row.kind;
    const operations: Operation[] = [];
    if (has('deletecollection')) {
      operations.push(
        this.#operation('delete', `delete${this.#prefix}Collection${scoped}`, 'deletecollection', collection, {
          body: { definition: `${meta}.DeleteOptions`, required: false },
          response: `${meta}.Status`,
        }),
      );
    }
    if (has('list'))
      operations.push(this.#operation('get', `list${this.#prefix}${scoped}`, 'list', listing, this.#listAnswer()));
    if (has('create')) {
      operations.push(
        this.#operation('post', `create${this.#prefix}${scoped}`, 'post', writing, {
          body: { definition: row.definition, required: true },
          codes: [200, 201, 202],
        }),
      );
    }
    return { path: this.#path(true), parameters: this.#parameters(false), operations };
  }

  allNamespaces(): PathItem {
    const row = this.#row;
    const operations = row.verbs.includes('list')
      ? [this.#operation('get', `list${this.#prefix}${row.kind}ForAllNamespaces`, 'list', [], this.#listAnswer())]
      : [];
    return { path: this.#path(false), parameters: [...listing, ...pretty], operations };
  }

  item(): PathItem {
    const row = this.#row;
    const scoped = row.namespaced ? `Namespaced${row.kind}` : row.kind;
    const operations = this.#readWrite(scoped, this.#kind, row.definition, row.verbs);
    if (row.verbs.includes('delete')) {
      operations.push(
        this.#operation('delete', `delete${this.#prefix}${scoped}`, 'delete', deleting, {
          body: { definition: `${meta}.DeleteOptions`, required: false },
          response: `${meta}.Status`,
          codes: [200, 202],
        }),
      );
    }
    return { path: `${this.#path(true)}/{name}`, parameters: this.#parameters(true), operations };
  }

  subresource(subresource: SubresourceRow): PathItem {
    const row = this.#row;
    const scoped = `${row.namespaced ? 'Namespaced' : ''}${row.kind}${pascal(subresource.name)}`;
    const definition = this.#definitionOf(subresource.kind) ?? row.definition;
    const operations = this.#readWrite(scoped, subresource.kind, definition, subresource.verbs);
    if (subresource.verbs.includes('create')) {
      operations.push(
        this.#operation('post', `create${this.#prefix}${scoped}`, 'post', writing, {
          kind: subresource.kind,
          body: { definition, required: true },
          response: definition,
          codes: [200, 201, 202],
        }),
      );
    }
    return { path: `${this.#path(true)}/{name}/${subresource.name}`, parameters: this.#parameters(true), operations };
  }

  #readWrite(scoped: string, kind: GroupVersionKind, definition: string, verbs: readonly string[]): Operation[] {
    const operations: Operation[] = [];
    const answer = { kind, response: definition };
    const body = { definition, required: true };
    if (verbs.includes('get'))
      operations.push(this.#operation('get', `read${this.#prefix}${scoped}`, 'get', [], answer));
    if (verbs.includes('patch')) {
      operations.push(
        this.#operation('patch', `patch${this.#prefix}${scoped}`, 'patch', patching, {
          ...answer,
          body: { definition: `${meta}.Patch`, required: true },
          isPatch: true,
          codes: [200, 201],
        }),
      );
    }
    if (verbs.includes('update')) {
      operations.push(
        this.#operation('put', `replace${this.#prefix}${scoped}`, 'put', writing, {
          ...answer,
          body,
          codes: [200, 201],
        }),
      );
    }
    return operations;
  }

  #operation(
    method: Operation['method'],
    operationId: string,
    action: string,
    parameters: readonly Parameter[],
    more: Partial<Operation> = {},
  ): Operation {
    const { definition } = this.#row;
    return {
      method,
      operationId,
      tag: this.#tag,
      action,
      kind: this.#kind,
      parameters,
      response: definition,
      codes: [200],
      ...more,
    };
  }

  #listAnswer(): Partial<Operation> {
    const { group, version, listKind, definition, kind } = this.#row;
    const fallback = definition.slice(0, definition.length - kind.length) + listKind;
    return { response: this.#definitionOf({ group, version, kind: listKind }) ?? fallback, isList: true };
  }

  #path(withNamespace: boolean): string {
    const { group, version, resource, namespaced } = this.#row;
    const root = group === '' ? `/api/${version}` : `/apis/${groupVersion({ group, version })}`;
    return `${root}${namespaced && withNamespace ? '/namespaces/{namespace}' : ''}/${resource}`;
  }

  #parameters(withName: boolean): Parameter[] {
    return [...(withName ? [nameParameter] : []), ...(this.#row.namespaced ? [namespaceParameter] : []), ...pretty];
  }
}

/** `core_v1`, `apps_v1`, `rbacAuthorization_v1`. */
function tagOf({ group, version }: { group: string; version: string }): string {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.');
  const [first = '', ...rest] = words;
  return `${first}${rest.map(pascal).join('')}_${version}`;
}

function pascal(text: string): string {
  return text
    .split(/[.\-_/]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
