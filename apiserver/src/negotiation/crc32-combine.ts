/** The polynomial of CRC-32, bits reversed, as gzip uses it. */
const polynomial = 0xedb88320;

/** a(x)·b(x) modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let left = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= left;
    left = (left & 1) !== 0 ? (left >>> 1) ^ polynomial : left >>> 1;
  }
  return product >>> 0;
}

/** x^(2^n) modulo the polynomial, for n from 0. */
const squares: readonly number[] = Array.from({ length: 32 }).reduce<number[]>((table) => {
  const last = table.at(-1);
  return [...table, last === undefined ? 0x40000000 : multiply(last, last)];
}, []);

/** x^(8·length) modulo the polynomial: what appending `length` bytes does to a checksum. */
function shiftBy(length: number): number {
  let power = 0x80000000;
  let rest = length;
  for (let index = 3; rest > 0; index = (index + 1) & 31) {
    if ((rest & 1) !== 0) power = multiply(squares[index] as number, power);
    rest = Math.floor(rest / 2);
  }
  return power;
}

/** The CRC-32 of two runs of bytes in a row, from the checksum of each and the length of the second. */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(shiftBy(secondLength), first) ^ second) >>> 0;
}
