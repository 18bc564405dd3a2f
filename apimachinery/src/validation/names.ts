/**
 * Formats of names and other short texts. Every function answers why the value is no good, in upstream's words
 * (apimachinery/pkg/util/validation and pkg/api/validate/content); an empty list says it is fine. All are linear in time.
 */

type Findings = readonly string[];

const fine: Findings = [];

/** Length in UTF-8 bytes, which is what Go's `len` counts. */
export function byteLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) length += 1;
    else if (code >= 0xd800 && code < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
      length += 2;
      index++;
    } else length += 2;
  }
  return length;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

export function maxLengthText(length: number): string {
  return `must be no more than ${length} characters`;
}

/** The same in the words of the newer rules (pkg/api/validate/content). */
function maxBytesText(length: number): string {
  return `must be no more than ${length} bytes`;
}

export function rangeText(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** `message (e.g. 'a', or 'b', regex used for validation is '…')`. */
export function regexText(message: string, format: string, ...examples: readonly string[]): string {
  const used = `regex used for validation is '${format}')`;
  if (examples.length === 0) return `${message} (${used}`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${used}`;
}

/** One format: a pattern that is unambiguous (so it never backtracks far), and what to say where it does not match. */
function format(
  pattern: RegExp,
  text: string,
  maxLength = Number.POSITIVE_INFINITY,
  tooLong = maxLengthText,
): (value: string) => Findings {
  const wrong: Findings = [text];
  return (value) => {
    const matches = pattern.test(value);
    if (value.length <= maxLength) return matches ? fine : wrong;
    if (byteLength(value) <= maxLength) return matches ? fine : wrong;
    return matches ? [tooLong(maxLength)] : [tooLong(maxLength), text];
  };
}

const dns1123LabelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dns1123LabelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const dns1123SubdomainFormat = `${dns1123LabelFormat}(\\.${dns1123LabelFormat})*`;
const subdomainPattern = /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/;
const labelText = regexText(dns1123LabelMessage, dns1123LabelFormat, 'my-name', '123-abc');
const labelPattern = /^[a-z0-9]+(?:-+[a-z0-9]+)*$/;

/** RFC 1123 label: names of namespaces, containers, services of new. */
export function dns1123Label(value: string): Findings {
  const tooLong = value.length > 63 && byteLength(value) > 63;
  if (labelPattern.test(value)) return tooLong ? [maxLengthText(63)] : fine;
  const text = subdomainPattern.test(value) ? 'must not contain dots' : labelText;
  return tooLong ? [maxLengthText(63), text] : [text];
}

const subdomainText = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  dns1123SubdomainFormat,
  'example.com',
);

/** RFC 1123 subdomain: names of most objects. */
export function dns1123Subdomain(value: string): Findings {
  const tooLong = value.length > 253 && byteLength(value) > 253;
  if (subdomainPattern.test(value)) return tooLong ? [maxLengthText(253)] : fine;
  return tooLong ? [maxLengthText(253), subdomainText] : [subdomainText];
}

const caselessSubdomainText = regexText(
  "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  dns1123SubdomainFormat,
  'Example.com',
);

export function dns1123SubdomainCaseless(value: string): Findings {
  const matches = /^[A-Za-z0-9]/.test(value) && subdomainPattern.test(value.toLowerCase());
  const tooLong = value.length > 253 && byteLength(value) > 253;
  if (matches) return tooLong ? [maxLengthText(253)] : fine;
  return tooLong ? [maxLengthText(253), caselessSubdomainText] : [caselessSubdomainText];
}

const underscoreLabelFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';

export const dns1123SubdomainWithUnderscore = format(
  /^_?[a-z0-9]+(?:[-_]+[a-z0-9]+)*(?:\._?[a-z0-9]+(?:[-_]+[a-z0-9]+)*)*$/,
  regexText(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`,
    'example.com',
  ),
  253,
);

/** RFC 1035 label: names of Services. */
export const dns1035Label = format(
  /^[a-z][a-z0-9]*(?:-+[a-z0-9]+)*$/,
  regexText(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    '[a-z]([-a-z0-9]*[a-z0-9])?',
    'my-name',
    'abc-123',
  ),
  63,
);

/** Name of a kind: such a label but for the case of its letters. */
export function kindName(value: string): Findings {
  const problems = dns1035Label(value.toLowerCase());
  return problems.length === 0 ? fine : [`may have mixed case, but should otherwise match: ${problems.join(',')}`];
}

const wildcardText = regexText(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  `\\*\\.${dns1123SubdomainFormat}`,
  '*.example.com',
);

export function wildcardDns1123Subdomain(value: string): Findings {
  const findings: string[] = [];
  if (byteLength(value) > 253) findings.push(maxLengthText(253));
  if (!value.startsWith('*.') || !subdomainPattern.test(value.slice(2))) findings.push(wildcardText);
  return findings;
}

const labelKeyFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelKeyPattern = /^[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*$/;
const labelKeyText = regexText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelKeyFormat,
  'MyName',
  'my.name',
  '123-abc',
);

/** Qualified name: label keys, annotation keys (lower-cased first), finalizers, resource names. */
export function qualifiedName(value: string): Findings {
  const slash = value.indexOf('/');
  if (slash < 0 && value.length <= 63 && labelKeyPattern.test(value)) return fine;
  if (slash >= 0 && value.indexOf('/', slash + 1) >= 0) {
    return [
      `a valid label key ${labelKeyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const findings: string[] = [];
  if (slash === 0) findings.push('prefix part must be non-empty');
  else if (slash > 0) findings.push(...dns1123Subdomain(value.slice(0, slash)).map((text) => `prefix part ${text}`));
  const name = value.slice(slash + 1);
  if (name === '') findings.push('name part must be non-empty');
  else if (byteLength(name) > 63) findings.push(`name part ${maxBytesText(63)}`);
  if (!labelKeyPattern.test(name)) findings.push(`name part ${labelKeyText}`);
  return findings;
}

export function prefixedLabelKey(value: string): Findings {
  const findings = qualifiedName(value);
  if (findings.length > 0) return findings;
  return value.includes('/') ? fine : ["must include a prefix (e.g. 'example.com/key')"];
}

export const labelValue = format(
  /^(?:[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*)?$/,
  regexText(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    `(${labelKeyFormat})?`,
    'MyValue',
    'my_value',
    '12345',
  ),
  63,
  maxBytesText,
);

export const cIdentifier = format(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  regexText(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    '[A-Za-z_][A-Za-z0-9_]*',
    'my_name',
    'MY_NAME',
    'MyName',
  ),
);

export const percent = format(
  /^[0-9]+%$/,
  regexText("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%'),
);

export const httpHeaderName = format(
  /^[-A-Za-z0-9]+$/,
  regexText("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name'),
);

/** Name of a ServicePort or ContainerPort (IANA service name). */
export function portName(value: string): Findings {
  const findings: string[] = [];
  if (byteLength(value) > 15) findings.push(maxLengthText(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    findings.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) findings.push('must contain at least one letter (a-z)');
  if (value.includes('--')) findings.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) findings.push('must not begin or end with a hyphen');
  return findings;
}

export function portNumber(port: number): Findings {
  return port >= 1 && port <= 65535 ? fine : [rangeText(1, 65535)];
}

export function inRange(value: number, low: number, high: number): Findings {
  return value >= low && value <= high ? fine : [rangeText(low, high)];
}

/** Unix user or group identifier. */
export function userId(id: number): Findings {
  return inRange(id, 0, 2147483647);
}

/** Environment variable name: any printable ASCII but '=' (RelaxedEnvironmentVariableValidation). */
export function environmentVariableName(value: string): Findings {
  if (value === '') return ['environment variable name must be non-empty'];
  if (/^[ -<>-~]+$/.test(value)) return fine;
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Key of a ConfigMap or Secret. */
export function configMapKey(value: string): Findings {
  const findings: string[] = [];
  if (byteLength(value) > 253) findings.push(maxLengthText(253));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    findings.push(
      regexText(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        '[-._a-zA-Z0-9]+',
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  if (value === '.') findings.push("must not be '.'");
  else if (value === '..') findings.push("must not be '..'");
  else if (value.startsWith('..')) findings.push("must not start with '..'");
  return findings;
}

/** A name that is one segment of a path in the API: RBAC names may hold almost anything. */
export function pathSegmentName(value: string): Findings {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return pathSegmentPrefix(value);
}

export function pathSegmentPrefix(value: string): Findings {
  return ['/', '%'].filter((character) => value.includes(character)).map((text) => `may not contain '${text}'`);
}

/** A rule for `Strategy.validateName`: with `prefix`, a trailing dash is allowed since characters will follow. */
export type NameRule = (name: string, prefix: boolean) => Findings;

function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

export const nameIsDnsSubdomain: NameRule = (name, prefix) => dns1123Subdomain(prefix ? maskTrailingDash(name) : name);
export const nameIsDnsLabel: NameRule = (name, prefix) => dns1123Label(prefix ? maskTrailingDash(name) : name);
export const nameIsDns1035Label: NameRule = (name, prefix) => dns1035Label(prefix ? maskTrailingDash(name) : name);
export const nameIsPathSegment: NameRule = (name, prefix) => (prefix ? pathSegmentPrefix(name) : pathSegmentName(name));
