import { quantityOrZero } from '@coracle/apimachinery/quantity';

/** Quantities by resource name. */
export type Amounts = Readonly<Record<string, string>>;

export function addAmounts(a: Amounts, b: Amounts): Record<string, string> {
  const sum: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    sum[name] = quantityOrZero(sum[name]).add(quantityOrZero(amount)).toString();
  }
  return sum;
}

/** `a` less `b`, never below zero. */
export function subtractAmounts(a: Amounts, b: Amounts): Record<string, string> {
  const rest: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const left = quantityOrZero(rest[name]).sub(quantityOrZero(amount));
    rest[name] = left.sign < 0 ? '0' : left.toString();
  }
  return rest;
}

export function maskAmounts(amounts: Amounts, names: readonly string[]): Record<string, string> {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => wanted.has(name)));
}

export function withoutZeros(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => !quantityOrZero(amount).isZero));
}

/** `cpu=1,memory=2Gi`, sorted. */
export function printAmounts(amounts: Amounts): string {
  const names = Object.keys(amounts).toSorted();
  return names.map((name) => `${name}=${quantityOrZero(amounts[name]).toString()}`).join(',');
}
