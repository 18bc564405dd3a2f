import { expect } from 'chai';
import { checkImports } from './check-deps.ts';

describe('check-deps', () => {
  const cases: [name: string, path: string, text: string, breach: RegExp | undefined][] = [
    ['lets the scheduler use the client', 'scheduler/src/a.ts', "import { a } from '@coracle/client/rest';", undefined],
    [
      'keeps the scheduler from the controllers',
      'scheduler/src/a.ts',
      "import { a } from '@coracle/controllers';",
      /must not know/,
    ],
    [
      'keeps the server from the client',
      'apiserver/src/a.ts',
      "import type { A } from '@coracle/client/rest';",
      /must not know/,
    ],
    [
      'keeps node: out of apimachinery',
      'apimachinery/src/a.ts',
      "import { readFile } from 'node:fs';",
      /runs anywhere/,
    ],
    ['keeps koa in its folder', 'apiserver/src/handlers/a.ts', "import Koa from 'koa';", /belongs to/],
    ['sees dynamic imports', 'apiserver/src/handlers/a.ts', "await import('etcd3')", /belongs to/],
    ['wants dependencies named', 'client/src/a.ts', "import a from 'left-pad';", /does not name/],
    [
      'lets a test use a testing door',
      'scheduler/src/a.test.ts',
      "import a from '@coracle/apiserver/testing';",
      undefined,
    ],
  ];
  for (const [name, path, text, breach] of cases) {
    it(name, () => {
      const breaches = checkImports({ path, text }, new Set(['@coracle/client', 'koa', 'etcd3']));
      if (breach === undefined) expect(breaches).to.deep.equal([]);
      else expect(breaches.join()).to.match(breach);
    });
  }
});
