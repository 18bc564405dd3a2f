import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ApiCaller,
  createReferenceKeys,
  type ReferenceKeys,
  startOwnApiServer,
  startReferenceControlPlane,
  toolsFolder,
} from '../support/index.ts';
import { type Credential, makeCredentials } from './callers.ts';
import { makeFixture } from './fixture.ts';
import type { Row, Section } from './row.ts';
import { controllerSections } from './table-controllers.ts';
import { credentialSections } from './table-credentials.ts';
import { nodeSections } from './table-nodes.ts';
import { reviewSections } from './table-reviews.ts';
import { roleSections } from './table-roles.ts';

const table: readonly Section[] = [
  ...credentialSections,
  ...reviewSections,
  ...roleSections,
  ...nodeSections,
  ...controllerSections,
];

const referencePrograms = ['etcd', 'kube-apiserver'];

interface Answer {
  readonly code: number;
  readonly message: string;
}

/** A server with everything in it that the table speaks of. */
class Subject implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #credentialOf: (who: string) => Credential;
  readonly #server: { readonly url: string; readonly pki: ReferenceKeys['pki'] };

  static async prepare(
    server: { readonly url: string },
    keys: ReferenceKeys,
    stack: AsyncDisposableStack,
  ): Promise<Subject> {
    const { url } = server;
    using admin = new ApiCaller({ url, pki: keys.pki });
    await makeFixture(admin);
    return new Subject({ url, pki: keys.pki }, stack, await makeCredentials(admin, keys));
  }

  private constructor(
    server: { readonly url: string; readonly pki: ReferenceKeys['pki'] },
    stack: AsyncDisposableStack,
    credentialOf: (who: string) => Credential,
  ) {
    this.#server = server;
    this.#stack = stack;
    this.#credentialOf = credentialOf;
  }

  async answers({ who, rows }: Section): Promise<Answer[]> {
    const { identity, headers } = this.#credentialOf(who);
    using caller = new ApiCaller({ ...this.#server, identity });
    const answers: Answer[] = [];
    for (const row of rows) {
      const [method = '', path = ''] = row.asks.split(' ');
      const all = { ...headers, ...row.headers };
      const body = this.#bodyOf(row);
      const { status, body: bytes } = await caller.call(path, { method, headers: all, ...body });
      answers.push({ code: status, message: status < 400 ? reviewIn(bytes) : messageIn(bytes) });
    }
    return answers;
  }

  #bodyOf({ body, reviewed }: Row): { body?: object } {
    if (reviewed === undefined) return body === undefined ? {} : { body };
    const token = this.#credentialOf(reviewed).headers['authorization']?.slice('Bearer '.length);
    return { body: { spec: { ...body, token } } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function messageIn(body: Buffer): string {
  const text = body.toString();
  return text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : text;
}

/** What a review says, without what differs from run to run. */
function reviewIn(body: Buffer): string {
  const text = body.toString();
  if (!text.startsWith('{')) return '';
  const { kind = '', status = {} } = JSON.parse(text) as { kind?: string; status?: object };
  if (!kind.endsWith('Review')) return '';
  return JSON.stringify(sorted(status))
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}/g, '…')
    .replaceAll('.default.svc.cluster.local', '.default.svc');
}

function sorted(value: unknown): unknown {
  // Rules come in the order of upstream's maps, which is none.
  if (Array.isArray(value))
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([key, each]) => [key, sorted(each)]),
  );
}

const lineOf = ({ asks, headers = {}, reviewed = '' }: Row, { code, message }: Answer) =>
  [code, asks, reviewed, ...Object.entries(headers).map((pair) => pair.join('=')), message].join(' ');

function expected(rows: readonly Row[], answers: readonly Answer[]): string[] {
  return rows.map((row, index) => {
    const message = row.message ?? answers[index]?.message ?? '';
    return lineOf(row, { code: row.code, message });
  });
}

const seen = (rows: readonly Row[], answers: readonly Answer[]) =>
  rows.map((row, index) => lineOf(row, answers[index] as Answer));

describe('who may do what', () => {
  let keys: ReferenceKeys;
  let own: Subject;
  const ownAnswers = new Map<Section, Answer[]>();

  before(async () => {
    keys = await createReferenceKeys();
    const stack = new AsyncDisposableStack();
    const server = stack.use(await startOwnApiServer({ keys }));
    own = await Subject.prepare(server, keys, stack);
  });
  after(async () => {
    await own?.[Symbol.asyncDispose]();
    await rm(keys.directory, { recursive: true, force: true });
  });

  for (const section of table) {
    it(section.who, async () => {
      const answers = await own.answers(section);
      ownAnswers.set(section, answers);
      expect(seen(section.rows, answers)).to.deep.equal(expected(section.rows, answers));
    });
  }

  describe('as upstream has it', () => {
    let reference: Subject | undefined;

    before(async function () {
      if (!referencePrograms.every((name) => existsSync(join(toolsFolder, name)))) return this.skip();
      const stack = new AsyncDisposableStack();
      const flags = ['--enable-admission-plugins=NodeRestriction', '--enable-bootstrap-token-auth'];
      const server = stack.use(await startReferenceControlPlane({ keys, flags }));
      reference = await Subject.prepare(server, keys, stack);
    });
    after(() => reference?.[Symbol.asyncDispose]());

    for (const section of table) {
      it(section.who, async () => {
        const answers = (await reference?.answers(section)) ?? [];
        expect(seen(section.rows, answers)).to.deep.equal(expected(section.rows, answers));
        expect(seen(section.rows, ownAnswers.get(section) ?? [])).to.deep.equal(seen(section.rows, answers));
      });
    }
  });
});
