import type { GroupVersionKind, ResourceRow, SubresourceRow } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import { pascal, prefixOf, rootOf, tagOf, withArticle } from './names.ts';
import { type Method, type Operation, type Parameter, type PathItem, pathItem, queryParameters } from './operation.ts';
import { builtinVerbs, customVerbs, type VerbShape, type VerbShapes } from './verb-shapes.ts';
import { anyType, objectTypes } from './media-types.ts';

export interface PathsSource {
  readonly scheme: Scheme;
  /** The definition that a kind has in the documents. */
  readonly definitionOf: (kind: GroupVersionKind) => string | undefined;
  /** A custom resource definition made the row. */
  readonly isCustom: boolean;
  /** A finished delete answers the object. */
  readonly deletesObject: boolean;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const namespaceParameter: Parameter = { name: 'namespace', in: 'path', type: 'string' };
const pathParameter: Parameter = { name: 'path', in: 'path', type: 'string' };
const pretty: Parameter = { name: 'pretty', in: 'query', type: 'string' };

/** All paths of one resource at one version. Source: apiserver `pkg/endpoints/installer.go`. */
export function resourcePaths(row: ResourceRow, source: PathsSource): PathItem[] {
  return new ResourcePaths(row, source).all().filter((item) => item.operations.length > 0);
}

/** What one operation is about. */
interface Target {
  /** The kind that is sent or answered. */
  readonly kind: GroupVersionKind;
  readonly definition: string;
  readonly subresource?: string;
  readonly named?: boolean;
  readonly allNamespaces?: boolean;
}

class ResourcePaths {
  readonly #row: ResourceRow;
  readonly #source: PathsSource;
  readonly #verbs: VerbShapes;
  readonly #own: Target;

  constructor(row: ResourceRow, source: PathsSource) {
    this.#row = row;
    this.#source = source;
    this.#verbs = source.isCustom ? customVerbs : builtinVerbs;
    const kind = { group: row.group, version: row.version, kind: row.kind };
    this.#own = { kind, definition: row.definition };
  }

  all(): PathItem[] {
    const { namespaced, subresources, verbs } = this.#row;
    const [root, path] = [this.#path(false), this.#path(true)];
    const item = { ...this.#own, named: true };
    const everywhere = { ...this.#own, allNamespaces: true };
    const items = [
      pathItem(
        path,
        this.#operations(this.#own, { list: 'list', create: 'post', deletecollection: 'deletecollection' }),
      ),
      pathItem(
        `${path}/{name}`,
        this.#operations(item, { get: 'get', update: 'put', patch: 'patch', delete: 'delete' }),
      ),
      ...subresources.flatMap((subresource) => this.#subresource(`${path}/{name}`, subresource)),
    ];
    if (namespaced) items.push(pathItem(root, this.#operations(everywhere, { list: 'list' })));
    if (verbs.includes('watch') && !this.#source.isCustom) {
      items.push(pathItem(watchOf(path), this.#operations(this.#own, { watch: 'watchlist' })));
      items.push(pathItem(`${watchOf(path)}/{name}`, this.#operations(item, { watch: 'watch' })));
      if (namespaced) items.push(pathItem(watchOf(root), this.#operations(everywhere, { watch: 'watchlist' })));
    }
    return items;
  }

  #subresource(item: string, { name, kind, verbs }: SubresourceRow): PathItem[] {
    const path = `${item}/${name}`;
    const definition = this.#source.definitionOf(kind) ?? this.#row.definition;
    const target = { kind: this.#source.isCustom ? this.#own.kind : kind, definition, subresource: name, named: true };
    if (kind.kind.endsWith('Options')) return this.#connected(path, target, verbs);
    const actions = { get: 'get', create: 'post', update: 'put', patch: 'patch', delete: 'delete' } as const;
    return [pathItem(path, this.#operations(target, actions, verbs))];
  }

  /** Streams and proxies: what the methods mean is the other end's business, so all that is said is the address. */
  #connected(path: string, target: Target, verbs: readonly string[]): PathItem[] {
    const proxies = verbs.includes('delete');
    const methods: Method[] = proxies ? ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] : ['get', 'post'];
    const options = queryParameters(this.#source.scheme.schemaOf(target.definition));
    const operations = (suffix: string, extra: readonly Parameter[]) =>
      methods.map((method): Operation => {
        const { group, version, kind, namespaced } = this.#row;
        const verb = `connect${prefixOf({ group, version })}${pascal(method)}`;
        return {
          method,
          operationId: `${verb}${namespaced ? 'Namespaced' : ''}${kind}${pascal(target.subresource ?? '')}${suffix}`,
          tag: tagOf({ group, version }),
          description: `connect ${method.toUpperCase()} requests to ${target.subresource} of ${kind}`,
          action: 'connect',
          kind: target.kind,
          parameters: [...options, ...this.#place(target), ...extra],
          consumes: anyType,
          produces: anyType,
          response: 'string',
          codes: [200],
        };
      });
    const whole = pathItem(path, operations('', []));
    return proxies ? [whole, pathItem(`${path}/{path}`, operations('WithPath', [pathParameter]))] : [whole];
  }

  #operations(
    target: Target,
    actions: Readonly<Record<string, keyof VerbShapes>>,
    verbs: readonly string[] = this.#row.verbs,
  ): Operation[] {
    return Object.entries(actions).flatMap(([verb, action]) =>
      verbs.includes(verb) ? [this.#operation(target, action, this.#verbs[action])] : [],
    );
  }

  #operation(target: Target, action: keyof VerbShapes, shape: VerbShape): Operation {
    const { group, version } = this.#row;
    const { scheme } = this.#source;
    const logs = target.subresource === 'log' ? ['PodLogOptions'] : [];
    const options = [
      ...shape.options.map((name) => `${meta}.${name}`),
      ...logs.map((name) => `io.k8s.api.core.v1.${name}`),
    ];
    const body = shape.body === 'object' ? target.definition : shape.body && `${meta}.${shape.body}`;
    return {
      method: shape.method,
      operationId: `${shape.verb}${prefixOf({ group, version })}${shape.noun ?? ''}${this.#noun(target)}${shape.end ?? ''}${
        target.allNamespaces === true ? 'ForAllNamespaces' : ''
      }`,
      tag: tagOf({ group, version }),
      ...this.#description(target, shape),
      action,
      kind: target.kind,
      parameters: [
        ...options.flatMap((name) => queryParameters(scheme.schemaOf(name), shape.except)),
        ...this.#place(target),
        pretty,
      ],
      ...(body === undefined ? {} : { body: { definition: body, required: shape.body !== 'DeleteOptions' } }),
      consumes: shape.consumes,
      produces: logs.length > 0 ? ['text/plain', ...objectTypes] : shape.produces,
      response: logs.length > 0 ? 'string' : this.#response(target, action, shape),
      codes: shape.codes,
    };
  }

  #response({ definition }: Target, action: keyof VerbShapes, { answers }: VerbShape): string {
    if (answers === 'list') return this.#listDefinition();
    if (answers === 'object' || (action === 'delete' && this.#source.deletesObject)) return definition;
    return `${meta}.${answers}`;
  }

  #listDefinition(): string {
    const { group, version, listKind, definition, kind } = this.#row;
    const fallback = definition.slice(0, definition.length - kind.length) + listKind;
    return this.#source.definitionOf({ group, version, kind: listKind }) ?? fallback;
  }

  #description({ subresource }: Target, { describe }: VerbShape): Pick<Operation, 'description'> {
    const { kind, verbs } = this.#row;
    if (describe === undefined) return {};
    const of = subresource === undefined ? '' : `${subresource} of `;
    return { description: describe({ of, kind, article: withArticle(kind), isWatched: verbs.includes('watch') }) };
  }

  #noun({ allNamespaces, subresource = '' }: Target): string {
    const { namespaced, kind } = this.#row;
    return `${namespaced && allNamespaces !== true ? 'Namespaced' : ''}${kind}${pascal(subresource)}`;
  }

  #place({ kind, named, allNamespaces }: Target): Parameter[] {
    const name: Parameter = { name: 'name', in: 'path', type: 'string', description: `name of the ${kind.kind}` };
    const inNamespace = this.#row.namespaced && allNamespaces !== true;
    return [...(named === true ? [name] : []), ...(inNamespace ? [namespaceParameter] : [])];
  }

  #path(withNamespace: boolean): string {
    const { resource, namespaced } = this.#row;
    return `${rootOf(this.#row)}${namespaced && withNamespace ? '/namespaces/{namespace}' : ''}/${resource}`;
  }
}

/** `/apis/apps/v1/watch/deployments`. */
function watchOf(path: string): string {
  return path.replace(/^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\//, '$1/watch/');
}
