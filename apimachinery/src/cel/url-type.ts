import { CelError } from './cel-error.ts';
import { CelList, CelObject, type CelValue } from './values.ts';

const form = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?]*))?(?:(\/[^?]*)|(?=\?|$))(?:\?(.*))?$|^(\/[^?]*)(?:\?(.*))?$/s;

/** What is wrong with a text of that form, as Go's net/url says it. */
function problemOf([text, scheme, authority = '']: RegExpExecArray): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'net/url: invalid control character in URL';
  if (scheme === undefined) return undefined;
  const host = authority.replace(/^.*@/, '');
  if (host.startsWith('[') && !host.includes(']')) return "missing ']' in host";
  if (/[ "<>]/.test(host)) return `invalid character ${JSON.stringify(/[ "<>]/.exec(host)?.[0])} in host name`;
  const port = /^(?:\[.*\]|[^:]*)(:.*)?$/.exec(host)?.[1] ?? (host.includes(':') ? host.slice(host.indexOf(':')) : '');
  if (!/^(?::\d*)?$/.test(port)) return `invalid port ${JSON.stringify(port)} after host`;
  const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text.split('?', 1)[0] as string);
  return escape === null ? undefined : `invalid URL escape ${JSON.stringify(escape[0])}`;
}

/** A path as it stands on the wire: what is escaped stays so. */
const escaped = (path: string) => encodeURI(path).replaceAll('%25', '%').replaceAll('%5B', '[').replaceAll('%5D', ']');

/** `url("https://example.com:80/a?b=c")`: absolute, or a path (k8s.io/apiserver pkg/cel/library/urls.go). */
export class UrlValue extends CelObject {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly #scheme: string;
  readonly #host: string;
  readonly #path: string;
  readonly #query: string;

  constructor(text: string) {
    super();
    const match = form.exec(text);
    const problem = match === null ? 'invalid URI for request' : problemOf(match);
    if (problem !== undefined) {
      const context = 'URL parse error during conversion from string: ';
      throw new CelError(`${context}parse ${JSON.stringify(text)}: ${problem}`);
    }
    this.text = text;
    this.#scheme = match?.[1]?.toLowerCase() ?? '';
    this.#host = (match?.[2] ?? '').replace(/^.*@/, '');
    this.#path = match?.[3] ?? match?.[5] ?? '';
    this.#query = match?.[4] ?? match?.[6] ?? '';
  }

  override equals(other: CelValue): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }

  override call(name: string): CelValue | undefined {
    const port = /:(\d*)$/.exec(this.#host)?.[1] ?? '';
    switch (name) {
      case 'getScheme':
        return this.#scheme;
      case 'getHost':
        return this.#host;
      case 'getHostname':
        return this.#host.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
      case 'getPort':
        return port;
      case 'getEscapedPath':
        return escaped(this.#path);
      case 'getQuery':
        return this.#queryMap();
      default:
        return undefined;
    }
  }

  #queryMap(): CelValue {
    const query = new Map<CelValue, CelValue>();
    for (const [key, value] of new URLSearchParams(this.#query)) {
      query.set(key, CelList.copy([...((query.get(key) as readonly CelValue[] | undefined) ?? []), value]));
    }
    return query;
  }

  override toString(): string {
    return this.text;
  }
}
