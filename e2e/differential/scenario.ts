import type { ApiAnswer, ApiCaller } from '../support/index.ts';
import { comparable, type ComparableAnswer, parsedBody } from './answers.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { Base } from './bases/index.ts';
import type { Json } from './edits.ts';
import { Choices } from './random.ts';
import { chooseStep, jsonType, type Step } from './steps.ts';
import { type Subject, subjectOf, validObject } from './subject.ts';

/** Both servers, asked the same in lock step. */
export interface Servers {
  readonly reference: ApiCaller;
  readonly own: ApiCaller;
}

/** One request that both servers have answered. */
export interface Exchange {
  readonly scenario: string;
  readonly kind: string;
  readonly verb: string;
  readonly request: { readonly method: string; readonly path: string; readonly body: string | undefined };
  readonly reference: ComparableAnswer;
  readonly own: ComparableAnswer;
  readonly differences: readonly Difference[];
}

const userAgent = { 'user-agent': 'differential/1.0' };
const stepsMax = 7;

/**
 * Plays one scenario: up to seven requests on an object of one kind, chosen by the seed alone. It ends at the first
 * difference, as what follows it would only repeat it. What it made is removed again.
 */
export async function playScenario(servers: Servers, seed: string, number: number, base: Base): Promise<Exchange[]> {
  const choices = new Choices(`${seed}/${number}`);
  const subject = subjectOf(base, number);
  const exchanges: Exchange[] = [];
  const made = new Set<string>([`${subject.collection}/${encodeURIComponent(subject.name)}`]);
  let seen: { readonly reference: Json; readonly own: Json } | undefined;
  for (let count = 0; count < stepsMax; count++) {
    const step = chooseStep(subject, seen?.reference, count, choices);
    const bodies = {
      reference: step.body?.(seen?.reference ?? validObject(subject)),
      own: step.body?.(seen?.own ?? validObject(subject)),
    };
    const [reference, own] = await Promise.all([
      send(servers.reference, step, bodies.reference),
      send(servers.own, step, bodies.own),
    ]);
    const answers = { reference: comparable(reference), own: comparable(own) };
    const differences = differencesOf(answers.reference, answers.own);
    exchanges.push({
      scenario: `${seed}/${number}`,
      kind: `${base.apiVersion} ${base.kind}`,
      verb: step.verb,
      request: { method: step.method, path: step.path, body: bodies.reference },
      ...answers,
      differences,
    });
    for (const answer of [reference, own]) rememberName(subject, step, answer, made);
    if (differences.length > 0) break;
    seen = await nextSeen(servers, subject, step, reference, seen);
  }
  if (subject.verbs.includes('delete')) await cleanUp(servers, [...made]);
  return exchanges;
}

/** An answer, or one of status 0 where the connection broke: that is a difference too. */
function send(server: ApiCaller, step: Step, body: string | undefined): Promise<ApiAnswer> {
  const sent = server.call(step.path, {
    method: step.method,
    headers: { ...userAgent, ...step.headers },
    ...(body === undefined ? {} : { body }),
  });
  return sent.catch((error: Error) => {
    const text = Buffer.from(JSON.stringify(error.message));
    return { status: 0, headers: {}, body: text, json: <T>() => error.message as T };
  });
}

function rememberName({ collection }: Subject, { method }: Step, answer: ApiAnswer, made: Set<string>): void {
  if (method !== 'POST' || answer.status !== 201) return;
  const { metadata } = parsedBody(answer) as { metadata?: { name?: string } };
  if (metadata?.name !== undefined) made.add(`${collection}/${encodeURIComponent(metadata.name)}`);
}

/** Kinds whose status the reference writes a moment after every change, and how it looks then. */
const settlesOn: Readonly<Record<string, true>> = {
  CustomResourceDefinition: true,
  APIService: true,
  FlowSchema: true,
};

/** The object after the step, as each server shows it; undefined where there is none (any more). */
async function nextSeen(
  servers: Servers,
  subject: Subject,
  step: Step,
  answer: ApiAnswer,
  before: { readonly reference: Json; readonly own: Json } | undefined,
): Promise<{ reference: Json; own: Json } | undefined> {
  if (!subject.verbs.includes('get')) return undefined;
  if (step.method === 'GET' || (answer.status >= 400 && before !== undefined)) return before;
  const path = `${subject.collection}/${encodeURIComponent(subject.name)}`;
  if (settlesOn[subject.base.kind] === true) await settled(servers, path);
  const [reference, own] = await Promise.all([servers.reference.call(path), servers.own.call(path)]);
  if (reference.status !== 200 || own.status !== 200) return undefined;
  return { reference: reference.json(), own: own.json() };
}

const settleMs = 400;

async function settled(servers: Servers, path: string): Promise<void> {
  const has = async (server: ApiCaller) => {
    const answer = await server.call(path);
    return (
      answer.status !== 200 ||
      (answer.json<{ status?: { conditions?: unknown[] } }>().status?.conditions ?? []).length > 0
    );
  };
  for (let tries = 0; tries < settleMs / 20; tries++) {
    if ((await has(servers.reference)) && (await has(servers.own))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function cleanUp(servers: Servers, paths: readonly string[]): Promise<void> {
  await Promise.all(
    [servers.reference, servers.own].map(async (server) => {
      for (const path of paths) await removeFrom(server, path);
    }),
  );
}

/** Removes an object whatever holds it; a Namespace stays as it is, for there is no controller. */
async function removeFrom(server: ApiCaller, path: string): Promise<void> {
  const body = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
  const answer = await server.call(path, { method: 'DELETE', body });
  if (answer.status !== 200 && answer.status !== 202) return;
  const { metadata } = parsedBody(answer) as { metadata?: { finalizers?: string[] } };
  if ((metadata?.finalizers ?? []).length === 0 || path.includes('/customresourcedefinitions/')) return;
  const patch = JSON.stringify({ metadata: { finalizers: null } });
  await server.call(path, {
    method: 'PATCH',
    headers: { ...jsonType, 'content-type': 'application/merge-patch+json' },
    body: patch,
  });
}
