import { expect } from 'chai';
import {
  ApiCaller,
  type ReferenceKeys,
  referenceObstacle,
  type ServerPair,
  skipBecause,
  startOwnApiServer,
  startServerPair,
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

interface Answer {
  readonly code: number;
  readonly message: string;
}

/** A server with everything in it that the table speaks of. */
class Subject {
  readonly #credentialOf: (who: string) => Credential;
  readonly #server: { readonly url: string; readonly pki: ReferenceKeys['pki'] };

  static async prepare({ url }: { readonly url: string }, keys: ReferenceKeys): Promise<Subject> {
    const server = { url, pki: keys.pki };
    using admin = new ApiCaller(server);
    await makeFixture(admin);
    return new Subject(server, await makeCredentials(admin, keys));
  }

  private constructor(
    server: { readonly url: string; readonly pki: ReferenceKeys['pki'] },
    credentialOf: (who: string) => Credential,
  ) {
    this.#server = server;
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

const referenceFlags = ['--enable-admission-plugins=NodeRestriction', '--enable-bootstrap-token-auth'];

async function ownAlone(): Promise<AsyncDisposable & Pick<ServerPair, 'own'>> {
  const own = await startOwnApiServer();
  return { own, [Symbol.asyncDispose]: () => own.stop() };
}

describe('who may do what', () => {
  let servers: AsyncDisposable & Pick<ServerPair, 'own'> & Partial<ServerPair>;
  let own: Subject;
  const ownAnswers = new Map<Section, Answer[]>();

  before(async () => {
    servers = referenceObstacle() === undefined ? await startServerPair(referenceFlags) : await ownAlone();
    own = await Subject.prepare(servers.own, servers.own.keys);
  });
  after(() => servers?.[Symbol.asyncDispose]());

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
      if (servers.reference === undefined) return skipBecause(this, referenceObstacle());
      reference = await Subject.prepare(servers.reference, servers.own.keys);
    });

    for (const section of table) {
      it(section.who, async () => {
        const answers = (await reference?.answers(section)) ?? [];
        expect(seen(section.rows, answers)).to.deep.equal(expected(section.rows, answers));
        expect(seen(section.rows, ownAnswers.get(section) ?? [])).to.deep.equal(seen(section.rows, answers));
      });
    }
  });
});
