const exponentFrom = 6;

/** A double as Go's `strconv.FormatFloat(x, 'g', -1, 64)` has it: exponents of two digits, from a million up. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '0', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < exponentFrom) return String(value);
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** Digits after the point as many as there are, without an exponent. */
export function plainDouble(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? value.toFixed(20).replace(/0+$/, '') : BigInt(value).toString();
}

/** With so many digits after the point; halves go to the even digit, as the exact value of the double has it. */
export function fixedDouble(value: number, precision: number): string {
  const exact = Math.abs(value).toFixed(100);
  const [whole = '0', fraction = ''] = exact.split('.');
  const kept = BigInt(whole + fraction.slice(0, precision));
  const rest = fraction.slice(precision);
  const half = `5${'0'.repeat(Math.max(rest.length - 1, 0))}`;
  const up = rest > half || (rest === half && kept % 2n === 1n);
  const digits = String(up ? kept + 1n : kept).padStart(precision + 1, '0');
  const point = digits.length - precision;
  const text = precision === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return value < 0 || Object.is(value, -0) ? `-${text}` : text;
}
