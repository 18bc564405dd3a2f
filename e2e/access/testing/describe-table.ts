import type { AccessOptions } from '@coracle/apiserver';
import { expect } from 'chai';
import {
  referenceObstacle,
  type ServerPair,
  skipBecause,
  startOwnApiServer,
  startServerPair,
} from '../../support/index.ts';
import type { Row, Section } from '../row.ts';
import { type Answer, type MakeCredentials, Subject } from '../subject.ts';

const referenceFlags = ['--enable-admission-plugins=NodeRestriction', '--enable-bootstrap-token-auth'];

type Servers = AsyncDisposable & Pick<ServerPair, 'own'> & Partial<ServerPair>;

async function startServers({ access = {}, flags = [] }: Settings): Promise<Servers> {
  if (referenceObstacle() === undefined) return startServerPair([...referenceFlags, ...flags], access);
  const own = await startOwnApiServer({ access });
  return { own, [Symbol.asyncDispose]: () => own.stop() };
}

/** The same for both servers, each in its own words. */
export interface Settings {
  readonly access?: AccessOptions;
  /** Of kube-apiserver. */
  readonly flags?: readonly string[];
  /** Beside those of `callers.ts`. */
  readonly credentials?: MakeCredentials;
}

/** Every section on this server, then on kube-apiserver; where both have to answer the same. `settings` are asked for when the tests run. */
export function describeTable(title: string, table: readonly Section[], settings: () => Settings = () => ({})): void {
  describe(title, () => {
    let servers: Servers;
    let own: Subject;
    let credentials: MakeCredentials | undefined;
    const ownAnswers = new Map<Section, Answer[]>();

    before(async () => {
      const { credentials: more, ...rest } = settings();
      credentials = more;
      servers = await startServers(rest);
      own = await Subject.prepare(servers.own, servers.own.keys, credentials);
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
        reference = await Subject.prepare(servers.reference, servers.own.keys, credentials);
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
