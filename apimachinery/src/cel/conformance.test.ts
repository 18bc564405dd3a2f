import { expect } from 'chai';
import { compile } from './index.ts';
import { comparable, specCases, type SpecCase } from './testing/spec-cases.ts';
import { nativeRegex } from './testing/native-regex.ts';

/**
 * What of the specification's data Kubernetes' CEL does not do, each with its reason. cel-go in Kubernetes' environment fails
 * the same cases in the same way.
 */
const notApplicable: readonly { readonly reason: string; readonly cases: (each: SpecCase, text: string) => boolean }[] =
  [
    {
      reason: 'Kubernetes knows no protobuf messages, enums or extensions',
      cases: (_each, text) =>
        /TestAllTypes|TestRequired|GlobalEnum|NestedEnum|type\.googleapis\.com|protobuf\.[A-Z]\w+\{|\w*(Value|Any|Struct)\{|proto\./.test(
          text,
        ),
    },
    {
      reason: 'libraries that Kubernetes does not enable: bindings, blocks, base64, math, network of cel-go',
      cases: (_each, text) => /\b(cel\.(bind|block|index|iterVar|accuVar)|base64\.|math\.)/.test(text),
    },
    {
      reason: 'functions that only the test declares',
      cases: ({ path }, text) => /\btuple\(|\bfn\(/.test(text) || path.startsWith('parse/receiver_function_names/'),
    },
    {
      reason:
        'Kubernetes checks every expression before it runs: a name or function that is not declared is found then',
      cases: ({ path }) => /^basic\/(variables|functions)\/unbound_is_runtime_error$/.test(path),
    },
    {
      reason: 'Kubernetes checks types: operands and branches of different types are found before anything runs',
      cases: ({ path }) =>
        /^comparisons\/(eq_literal|ne_literal)\/(not_eq_list_length|eq_mixed_types|eq_list_elem_mixed_types|ne_mixed_types)$/.test(
          path,
        ) || path === 'logic/conditional/mixed_type',
    },
    {
      reason: 'Kubernetes checks types: a literal holds values of one type, && and || take only bool',
      cases: (_each, text) => /expected type '[^\n]*' but found '/.test(text),
    },
    { reason: 'Kubernetes has no containers of names', cases: ({ path }) => path.startsWith('namespace/namespace/') },
    {
      reason: 'cel-go does not find keys that a map literal repeats',
      cases: ({ path }) => path === 'fields/qualified_identifier_resolution/map_value_repeat_key',
    },
    {
      reason: 'cel-go finds nothing wrong with selecting from what has no fields, behind an optional',
      cases: ({ path }) =>
        /^optionals\/optionals\/(map_null_entry_no_such_key|map_present_key_invalid_field)$/.test(path),
    },
    {
      reason:
        'the strings library of version 2 prints numbers by locale and elements quoted, and checks literal formats',
      cases: ({ path }) => path.startsWith('string_ext/format/'),
    },
    {
      reason: 'cel-go finds nothing, instead of failing, from a place after the end of a text',
      cases: ({ path }) => /^string_ext\/value_errors\/(last)?indexof_out_of_range$/.test(path),
    },
  ];

/** Undefined where the case does what it should. */
function problemOf(each: SpecCase): string | undefined {
  const { expr, variables, bindings, expected, checkOnly } = each;
  try {
    const program = compile(expr, { variables, regex: nativeRegex, stored: true });
    if (checkOnly) return undefined;
    const found = comparable(program.evaluate(bindings));
    if (expected === undefined) return `gives ${JSON.stringify(found)} instead of failing`;
    expect(found).to.deep.equal(expected.value);
    return undefined;
  } catch (error) {
    return expected === undefined ? undefined : (error as Error).message;
  }
}

const textOf = (each: SpecCase, problem: string) =>
  `${each.expr} ${problem} ${JSON.stringify(each, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`;

describe('the CEL specification’s conformance data', () => {
  const failing = specCases().flatMap((each) => {
    const problem = problemOf(each);
    return problem === undefined ? [] : [{ each, text: textOf(each, problem), problem }];
  });

  it('holds, but for what does not apply to Kubernetes', () => {
    const unexplained = failing.filter(({ each, text }) => !notApplicable.some(({ cases }) => cases(each, text)));
    expect(unexplained.map(({ each, problem }) => `${each.path}: ${each.expr}: ${problem}`)).to.deep.equal([]);
    expect(specCases().length - failing.length).to.be.at.least(1391);
  });

  for (const { reason, cases } of notApplicable) {
    it(`still does not apply: ${reason}`, () => {
      expect(failing.some(({ each, text }) => cases(each, text))).to.equal(true);
    });
  }
});
