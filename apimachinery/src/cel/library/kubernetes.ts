import { CelError } from '../cel-error.ts';
import { Address, AddressRange } from '../network-types.ts';
import { QuantityValue } from '../quantity-type.ts';
import { UrlValue } from '../url-type.ts';
import { CelOptional, type CelValue, noValue } from '../values.ts';
import { NamedFormat, namedFormats } from './format-type.ts';
import type { Function, Functions } from './function.ts';
import { SemverValue } from './semver-type.ts';

const ofText =
  (make: (text: string) => CelValue): Function =>
  ([text]) =>
    typeof text === 'string' ? make(text) : undefined;

/** Whether a text is one: what cannot be parsed is not. */
const parses = (parse: (text: string) => unknown): Function =>
  ofText((text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof CelError) return false;
      throw error;
    }
  });

const semver = ([text, normalize = false]: readonly CelValue[]): CelValue | undefined =>
  typeof text === 'string' && typeof normalize === 'boolean' ? SemverValue.parse(text, normalize) : undefined;

/** k8s.io/apiserver pkg/cel/library; methods of its values are theirs. */
export const kubernetesFunctions: Functions = {
  quantity: ofText((text) => new QuantityValue(text)),
  isQuantity: parses((text) => new QuantityValue(text)),
  url: ofText((text) => new UrlValue(text)),
  isURL: parses((text) => new UrlValue(text)),
  ip: ofText((text) => Address.parse(text)),
  isIP: parses((text) => Address.parse(text)),
  'ip.isCanonical': ofText((text) => Address.parse(text).toString() === text),
  cidr: ofText((text) => AddressRange.parse(text)),
  isCIDR: parses((text) => AddressRange.parse(text)),
  semver,
  isSemver: (args) => {
    const [text] = args;
    return typeof text === 'string' ? parses(() => semver(args))([text], () => neverMatches) : undefined;
  },
  'jsonpatch.escapeKey': ofText((text) => text.replaceAll('~', '~0').replaceAll('/', '~1')),
  'format.named': ofText((name) => {
    const found = namedFormats.get(name);
    return found === undefined ? noValue : new CelOptional(found);
  }),
  ...Object.fromEntries(Array.from(namedFormats, ([name, format]) => [`format.${name}`, () => format])),
  validate: ([format, text]) =>
    format instanceof NamedFormat && typeof text === 'string' ? format.validate(text) : undefined,
};

const neverMatches = { test: () => false, find: () => undefined, findAll: () => [] };
