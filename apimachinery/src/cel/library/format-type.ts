import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  qualifiedName,
} from '../../validation/index.ts';
import { CelError } from '../cel-error.ts';
import { UrlValue } from '../url-type.ts';
import { CelList, CelObject, CelOptional, type CelValue, noValue } from '../values.ts';

/** `format.dns1123Label()` (k8s.io/apiserver pkg/cel/library/format.go). */
export class NamedFormat extends CelObject {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly #name: string;
  readonly #findings: (text: string) => readonly string[];
  /** What its pattern is long, for the cost of a call. */
  readonly patternSize: number;

  constructor(name: string, patternSize: number, findings: (text: string) => readonly string[]) {
    super();
    this.#name = name;
    this.#findings = findings;
    this.patternSize = patternSize;
  }

  /** What is wrong with a text; none for nothing. */
  validate(text: string): CelOptional {
    const findings = this.#findings(text);
    return findings.length === 0 ? noValue : new CelOptional(CelList.copy(findings));
  }

  override equals(other: CelValue): boolean {
    return other instanceof NamedFormat && other.#name === this.#name;
  }
}

const matching = (pattern: RegExp, message: string) => (text: string) => (pattern.test(text) ? [] : [message]);
const isDate = (text: string) => !Number.isNaN(Date.parse(text));
const date = /^\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])$/;
const dateTime = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?$/;

function uri(text: string): readonly string[] {
  try {
    return [new UrlValue(text)].slice(1).map(String);
  } catch (error) {
    if (error instanceof CelError)
      return [error.message.replace('URL parse error during conversion from string: ', '')];
    throw error;
  }
}

export const namedFormats: ReadonlyMap<string, NamedFormat> = new Map(
  (
    [
      ['dns1123Label', 30, dns1123Label],
      ['dns1123Subdomain', 60, dns1123Subdomain],
      ['dns1035Label', 30, dns1035Label],
      ['qualifiedName', 60, qualifiedName],
      ['dns1123LabelPrefix', 30, (text) => nameIsDnsLabel(text, true)],
      ['dns1123SubdomainPrefix', 60, (text) => nameIsDnsSubdomain(text, true)],
      ['dns1035LabelPrefix', 30, (text) => nameIsDns1035Label(text, true)],
      ['labelValue', 40, labelValue],
      ['uri', 1103, uri],
      [
        'uuid',
        70,
        matching(
          /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
          'does not match the UUID format',
        ),
      ],
      ['byte', 84, matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64')],
      ['date', 71, (text) => (date.test(text) && isDate(text) ? [] : ['invalid date'])],
      ['datetime', 71, (text) => (dateTime.test(text) && isDate(text) ? [] : ['invalid datetime'])],
    ] as [string, number, (text: string) => readonly string[]][]
  ).map(([name, size, findings]) => [name, new NamedFormat(name, size, findings)]),
);
