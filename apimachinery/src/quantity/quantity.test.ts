import { expect } from 'chai';
import fc from 'fast-check';
import {
  canonicalQuantity,
  compareQuantities,
  formatDuration,
  humanAge,
  humanDuration,
  parseDuration,
  parseQuantity,
  Quantity,
  quantityMilliValue,
  quantityValue,
} from './index.ts';

describe('quantities', () => {
  const canonical: [string, string][] = [
    ['0', '0'],
    ['0.0Ki', '0'],
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1500m', '1500m'],
    ['1000m', '1'],
    ['1024', '1024'],
    ['1024Ki', '1Mi'],
    ['1023Ki', '1023Ki'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['0.3Mi', '314572800m'],
    ['1000k', '1M'],
    ['1e3', '1e3'],
    ['12345e-2', '123450e-3'],
    ['1E6', '1e6'],
    ['2E', '2E'],
    ['1000E', '1000E'],
    ['0.0000000001', '1n'],
    ['1.1n', '2n'],
    ['-1.1n', '-2n'],
    ['+5', '5'],
    ['.5Mi', '512Ki'],
    ['100Ei', '9223372036854775807'],
    ['-1.5', '-1500m'],
    ['1.', '1'],
  ];
  for (const [text, expected] of canonical) {
    it(`${text} is ${expected}`, () => expect(canonicalQuantity(text)).to.equal(expected));
  }

  for (const text of ['', '-', '.', 'a', '1 Mi', '1e1.5', '1..2', ' 1', '--1']) {
    it(`'${text}' has the wrong form`, () =>
      expect(() => parseQuantity(text)).to.throw('quantities must match the regular'));
  }
  for (const text of ['1mi', '1e', '1Kib'.slice(0, 3) + 'i', '1ki', '1e1000000']) {
    it(`'${text}' has no known suffix`, () =>
      expect(() => parseQuantity(text)).to.throw("unable to parse quantity's suffix"));
  }

  it('have values rounded away from zero', () => {
    expect(quantityValue('1500m')).to.equal(2);
    expect(quantityValue('-1500m')).to.equal(-2);
    expect(quantityMilliValue('1.0001')).to.equal(1001);
    expect(quantityValue('1Gi')).to.equal(2 ** 30);
    expect(quantityValue(undefined)).to.equal(0);
    expect(compareQuantities('1Ki', '1024')).to.equal(0);
    expect(compareQuantities('1', '999m')).to.equal(1);
  });

  it('add up in the format of the first that is not zero', () => {
    expect(parseQuantity('0').add(parseQuantity('512Mi')).toString()).to.equal('512Mi');
    expect(parseQuantity('1Gi').sub(parseQuantity('1Mi')).toString()).to.equal('1023Mi');
    expect(parseQuantity('100m').multiply(30).toString()).to.equal('3');
  });

  const quantity = fc
    .tuple(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.constantFrom('DecimalSI', 'BinarySI', 'DecimalExponent'),
    )
    .map(([nanos, format]) => new Quantity(nanos, format as Quantity['format']));

  it('keep their value in print', () => {
    fc.assert(
      fc.property(quantity, (value) => {
        const text = value.toString();
        const again = parseQuantity(text);
        expect(again.nanos).to.equal(value.nanos);
        expect(again.toString()).to.equal(text);
      }),
    );
  });

  it('obey the laws of sums and order', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        expect(a.add(b).sub(b).compare(a)).to.equal(0);
        expect(a.add(b).nanos).to.equal(b.add(a).nanos);
        expect(Math.sign(a.compare(b)) + Math.sign(b.compare(a))).to.equal(0);
        expect(BigInt(a.multiply(3).nanos)).to.equal(a.add(a).add(a).nanos);
      }),
    );
  });
});

describe('durations', () => {
  const printed: [string, number, string][] = [
    ['1h', 3_600_000, '1h0m0s'],
    ['1.5s', 1500, '1.5s'],
    ['100ms', 100, '100ms'],
    ['2h45m', 9_900_000, '2h45m0s'],
    ['-1m', -60_000, '-1m0s'],
    ['0', 0, '0s'],
    ['15us', 0.015, '15µs'],
  ];
  for (const [text, milliseconds, go] of printed) {
    it(`${text} is ${go}`, () => {
      expect(parseDuration(text)).to.be.closeTo(milliseconds, 1e-9);
      expect(formatDuration(milliseconds)).to.equal(go);
    });
  }

  const refused: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['abc', 'time: invalid duration "abc"'],
  ];
  for (const [text, message] of refused) {
    it(`'${text}' is refused with Go's text`, () => expect(() => parseDuration(text)).to.throw(Error, message));
  }

  const human: [number, string][] = [
    [-3, '<invalid>'],
    [-1, '0s'],
    [119, '119s'],
    [120, '2m'],
    [190, '3m10s'],
    [60 * 60 * 3, '3h'],
    [60 * 60 * 3 + 60 * 5, '3h5m'],
    [86400 * 3 + 3600 * 4, '3d4h'],
    [86400 * 100, '100d'],
    [86400 * 365 * 3 + 86400, '3y1d'],
    [86400 * 365 * 9, '9y'],
  ];
  for (const [seconds, text] of human)
    it(`${seconds} s read ${text}`, () => expect(humanDuration(seconds * 1000)).to.equal(text));

  it('ages need a time', () => {
    expect(humanAge(undefined, 0)).to.equal('<unknown>');
    expect(humanAge('1970-01-01T00:00:00Z', 5000)).to.equal('5s');
  });
});
