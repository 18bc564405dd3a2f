import { noneAcceptable } from '@coracle/apimachinery/errors';
import type { Clock } from '@coracle/apimachinery/clock';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { clausesOf } from '../negotiation/accept.ts';
import { wantsPretty } from '../negotiation/content-type.ts';
import { encodeObject } from '../negotiation/object-response.ts';
import { timestamp } from '../registry/metadata.ts';
import { kubernetesVersion, versionInfo } from './version.ts';

const component = 'apiserver';
const group = 'config.k8s.io';
const deprecatedVersion = 'v1alpha1';
const versions: readonly string[] = ['v1beta1', deprecatedVersion];

/** What the server lists of its own paths, and where these pages are. */
const paths = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];

interface Page {
  readonly kind: 'Statusz' | 'Flagz';
  /** Fields beside those that every object has. */
  fields(): object;
  lines(): readonly string[];
}

/**
 * /statusz and /flagz, for people as text and for programs as objects of `config.k8s.io`
 * (KEP-4827, KEP-4828; k8s.io/apiserver pkg/server/statusz, pkg/server/flagz). `flags` are those that were given.
 */
export function debugPages(clock: Pick<Clock, 'now'>, flags: Readonly<Record<string, string>>): PathHandler {
  const pages = new Map([
    ['/statusz', statusPage(clock)],
    ['/flagz', flagPage(flags)],
  ]);
  return (context) => {
    const page = pages.get(context.info.path);
    return page && answer(page, context);
  };
}

function statusPage(clock: Pick<Clock, 'now'>): Page {
  const startedAt = clock.now();
  const upSeconds = () => Math.max(0, Math.trunc((clock.now() - startedAt) / 1000));
  const { goVersion, emulationMajor, emulationMinor } = versionInfo;
  const emulationVersion = `${emulationMajor}.${emulationMinor}`;
  return {
    kind: 'Statusz',
    fields: () => ({
      startTime: timestamp(startedAt),
      uptimeSeconds: upSeconds(),
      goVersion,
      binaryVersion: kubernetesVersion,
      emulationVersion,
      paths,
    }),
    lines: () => [
      '',
      `Started: ${unixDate(startedAt)}`,
      `Up: ${upTime(upSeconds())}`,
      `Go version: ${goVersion}`,
      `Binary version: ${kubernetesVersion}`,
      `Emulation version: ${emulationVersion}`,
      `Paths: ${paths.join(' ')}`,
    ],
  };
}

function flagPage(flags: Readonly<Record<string, string>>): Page {
  const lines = Object.entries(flags)
    .toSorted()
    .map(([name, value]) => `${name}: ${value}`);
  return { kind: 'Flagz', fields: () => ({ flags }), lines: () => lines };
}

/** Go's `time.UnixDate`. */
function unixDate(milliseconds: number): string {
  const [weekday = '', day, month, year, time] = new Date(milliseconds).toUTCString().split(' ');
  return `${weekday.replace(',', '')} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}

function upTime(seconds: number): string {
  const [hours, minutes, rest] = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60];
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  return `${hours} hr ${twoDigits(minutes)} min ${twoDigits(rest)} sec`;
}

function answer(page: Page, { request, warnings }: RequestContext): ApiResponse {
  const form = formOf(page, request.headers['accept']);
  if (form === 'text') return textPage(page);
  const { version, encoding } = form;
  if (version === deprecatedVersion) {
    const name = page.kind.toLowerCase();
    warnings.add(`This version of the ${name} endpoint is deprecated. Please use a newer version.`);
  }
  const object = {
    kind: page.kind,
    apiVersion: `${group}/${version}`,
    metadata: { name: component },
    ...page.fields(),
  };
  const pretty = wantsPretty(request.query.get('pretty'), request.headers['user-agent']);
  return {
    status: 200,
    headers: { 'content-type': `application/${encoding};g=${group};v=${version};as=${page.kind}` },
    body: { type: 'bytes', chunks: encodeObject(object, encoding, pretty), value: () => object },
  };
}

function textPage(page: Page): ApiResponse {
  const head = [
    '',
    `${component} ${page.kind.toLowerCase()}`,
    'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.',
  ];
  const text = [...head, ...page.lines(), ''].join('\n');
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: { type: 'bytes', chunks: [Buffer.from(text)], value: () => text },
  };
}

type Form = 'text' | { readonly encoding: 'json' | 'yaml'; readonly version: string };

/** Text is not asked for as anything; JSON and YAML are, as the page's kind. Throws NotAcceptable. */
function formOf({ kind }: Page, accept = ''): Form {
  if (accept.trim() === '') return 'text';
  for (const { type, subtype, parameters } of clausesOf(accept)) {
    const asked = new Map(parameters);
    const version = asked.get('v') ?? '';
    const isKind = asked.get('as') === kind && asked.get('g') === group && versions.includes(version);
    const takes = (wanted: string, sub: string) =>
      (type === '*' && subtype === '*') || (type === wanted && (subtype === '*' || subtype === sub));
    if (isKind && takes('application', 'json')) return { encoding: 'json', version };
    if (isKind && takes('application', 'yaml')) return { encoding: 'yaml', version };
    if (!['as', 'g', 'v'].some((name) => asked.has(name)) && takes('text', 'plain')) return 'text';
  }
  throw noneAcceptable(['application/json', 'application/yaml', 'text/plain']);
}
