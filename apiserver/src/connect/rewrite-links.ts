import { Readable } from 'node:stream';
import type { Forwarded } from './forward.ts';

/**
 * A page that is seen through the proxy lives under another path than it thinks: absolute links and redirects get the
 * proxy's path in front. Source: k8s.io/apimachinery pkg/util/proxy/transport.go.
 */
export interface ProxyPlace {
  /** Host and port that the page believes to be at. */
  readonly host: string;
  /** Path of the proxy, without a slash at the end: `/api/v1/namespaces/x/pods/y/proxy`. */
  readonly prefix: string;
}

/** Attributes that hold an address, by tag. */
const attributesOfTag: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Largest page that is rewritten, in bytes; larger ones pass as they are. */
const pageBytesMax = 8 * 1024 * 1024;

const tagForm = /<([a-zA-Z]+)(\s[^<>]*)>/g;
const attributeForm = /([a-zA-Z-]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)')/g;

export function rewriteAddress(address: string, { host, prefix }: ProxyPlace): string {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/i.exec(address);
  if (match === null) return address;
  const [, scheme, authority, path = '', rest = ''] = match;
  if (authority !== undefined && authority !== host) return address;
  if (authority === undefined && (scheme !== undefined || !path.startsWith('/'))) return address;
  return path.startsWith(`${prefix}/`) ? address : `${prefix}${path}${rest}`;
}

export function rewriteHtml(html: string, place: ProxyPlace): string {
  return html.replace(tagForm, (tag, name: string, attributes: string) => {
    const holders = attributesOfTag[name.toLowerCase()];
    if (holders === undefined) return tag;
    const rewritten = attributes.replace(attributeForm, (whole, attribute: string, equals: string, double, single) => {
      if (!holders.includes(attribute.toLowerCase())) return whole;
      return `${attribute}${equals}"${rewriteAddress(String(double ?? single), place)}"`;
    });
    return `<${name}${rewritten}>`;
  });
}

/** The answer with its links rewritten, where it is a redirect or a page. */
export async function rewriteAnswer(answer: Forwarded, place: ProxyPlace): Promise<Forwarded> {
  const headers = { ...answer.headers };
  if (headers['location'] !== undefined) headers['location'] = rewriteAddress(headers['location'], place);
  if (!isPlainPage(headers)) return { ...answer, headers };
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  const page = Buffer.concat(chunks);
  const bytes = length > pageBytesMax ? page : Buffer.from(rewriteHtml(page.toString('utf8'), place));
  delete headers['content-length'];
  return { ...answer, headers, body: Readable.from([bytes]) };
}

function isPlainPage(headers: Readonly<Record<string, string>>): boolean {
  const encoding = headers['content-encoding'] ?? 'identity';
  return (headers['content-type'] ?? '').startsWith('text/html') && encoding === 'identity';
}
