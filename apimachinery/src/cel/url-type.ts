import { CelError } from './cel-error.ts';
import { CelObject, type CelValue } from './values.ts';

const form = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$|^(\/[^?#]*)(?:\?([^#]*))?$/;

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
    if (match === null || /\s/.test(text)) throw new CelError(`URL parse error during conversion from string: ${text}`);
    this.text = text;
    this.#scheme = match[1] ?? '';
    this.#host = (match[2] ?? '').replace(/^.*@/, '');
    this.#path = match[3] ?? match[5] ?? '';
    this.#query = match[4] ?? match[6] ?? '';
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
        return this.#path;
      case 'getQuery':
        return this.#queryMap();
      default:
        return undefined;
    }
  }

  #queryMap(): CelValue {
    const query = new Map<CelValue, CelValue>();
    for (const [key, value] of new URLSearchParams(this.#query)) {
      query.set(key, [...((query.get(key) as readonly CelValue[] | undefined) ?? []), value]);
    }
    return query;
  }

  override toString(): string {
    return this.text;
  }
}
