import { type ApiAnswer, ApiCaller, eventually, post, startServerPair } from '../support/index.ts';
import { policyQuestions } from './policies.ts';
import { judgedQuestions, putIntoForce } from './judged.ts';
import { selectorQuestions } from './selectors.ts';
import { definitionQuestions, type Question, valueDefinition, valueQuestions } from './questions.ts';

export interface Disagreement {
  readonly question: string;
  readonly reference: string;
  readonly own: string;
}

/** Asks kube-apiserver and this project's server the same; says how many questions there were and where they differ. */
export async function compareCel(): Promise<{
  readonly asked: number;
  readonly disagreements: readonly Disagreement[];
}> {
  await using stack = new AsyncDisposableStack();
  const pair = stack.use(await startServerPair());
  const reference = stack.use(new ApiCaller(pair.reference));
  const own = stack.use(new ApiCaller(pair.own));
  await Promise.all(
    [reference, own].map(async (server) => {
      await serveValues(server);
      await putIntoForce(server);
    }),
  );
  const questions = [
    ...definitionQuestions(),
    ...policyQuestions(),
    ...selectorQuestions(),
    ...judgedQuestions(),
    ...valueQuestions(),
  ];
  const disagreements: Disagreement[] = [];
  for (const question of questions) {
    const [theirs, ours] = await Promise.all([ask(reference, question), ask(own, question)]);
    if (theirs !== ours) disagreements.push({ question: question.name, reference: theirs, own: ours });
  }
  return { asked: questions.length, disagreements };
}

async function serveValues(server: ApiCaller): Promise<void> {
  await post(server, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', valueDefinition);
  await eventually(async () => {
    const answer = await server.call('/apis/cel.example.com/v1/values');
    if (answer.status !== 200) throw new Error(`values are not served: ${answer.status}`);
  });
}

async function ask(server: ApiCaller, { method, path, body }: Question): Promise<string> {
  const sent = method === 'PUT' ? await withVersion(server, path, body) : body;
  return textOf(await server.call(path, { method, body: sent }));
}

async function withVersion(server: ApiCaller, path: string, body: object): Promise<object> {
  const found = (await server.call(path.replace(/\?.*/, ''))).json<{ metadata: { resourceVersion: string } }>();
  const { resourceVersion } = found.metadata;
  return { ...body, metadata: { ...(body as { metadata: object }).metadata, resourceVersion } };
}

/** Status, causes and warnings, in an order that does not hang on that of a map. */
function textOf(answer: ApiAnswer): string {
  const warnings = [answer.headers['warning'] ?? []].flat().join('\n');
  if (answer.status < 300) return `${answer.status}${warnings === '' ? '' : `\n${warnings}`}`;
  const { message = '', details = {} } = answer.json<{
    message?: string;
    details?: { causes?: { reason?: string; message?: string; field?: string }[] };
  }>();
  const causes = (details.causes ?? []).map((cause) => `${cause.reason} ${cause.field}: ${cause.message}`).sort();
  // The name of the type of `self` is made up for each compilation.
  const text = [answer.status, ...(causes.length > 0 ? causes : [message]), warnings].join('\n');
  return text.replaceAll(/selfType\d*/g, 'selfType');
}
