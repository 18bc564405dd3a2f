import { expect } from 'chai';
import { autoUpdateAnnotation, suggestedLevels } from './bootstrap.ts';
import { revise } from './keep-objects.ts';
import { type LevelObject, nameOf } from './level.ts';

const wanted = suggestedLevels().find((level) => nameOf(level) === 'system') as LevelObject;

function changed(annotation: string | undefined, shares: number, generation: number): LevelObject {
  const limited = {
    ...(wanted.spec.limited as NonNullable<LevelObject['spec']['limited']>),
    nominalConcurrencyShares: shares,
  };
  const annotations = annotation === undefined ? {} : { [autoUpdateAnnotation]: annotation };
  return { metadata: { name: 'system', generation, annotations }, spec: { ...wanted.spec, limited } };
}

describe('a kept object', () => {
  const cases = [
    { it: 'stays as it should be', object: changed('true', 30, 1), mandatory: false, becomes: undefined },
    { it: 'becomes so again', object: changed('true', 7, 2), mandatory: false, becomes: ['true', 30] },
    { it: 'is left to who took it', object: changed('false', 7, 2), mandatory: false, becomes: undefined },
    {
      it: 'is taken by a change without a word',
      object: changed(undefined, 7, 2),
      mandatory: false,
      becomes: ['false', 7],
    },
    { it: 'is the server’s while unchanged', object: changed('?', 7, 1), mandatory: false, becomes: ['true', 30] },
    { it: 'cannot be taken if mandatory', object: changed('false', 7, 2), mandatory: true, becomes: ['true', 30] },
  ];
  for (const { it: name, object, mandatory, becomes } of cases) {
    it(name, () => {
      const revised = revise(object, wanted, mandatory);
      const seen = revised && [
        revised.metadata?.annotations?.[autoUpdateAnnotation],
        revised.spec.limited?.nominalConcurrencyShares,
      ];
      expect(seen).to.deep.equal(becomes);
    });
  }
});
