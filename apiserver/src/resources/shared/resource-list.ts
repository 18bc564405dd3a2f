import { compareQuantities, quantityOrZero } from '@coracle/apimachinery/quantity';

/** Amounts by resource name: `{ cpu: '500m', memory: '1Gi' }`. */
export type ResourceList = Readonly<Record<string, string>>;

/** The sum of two quantities as canonical text; absent counts as zero. */
export function addQuantities(a: string | undefined, b: string): string {
  return a === undefined ? b : quantityOrZero(a).add(quantityOrZero(b)).toString();
}

/** Adds `list` to `sum`, in place. */
export function addResources(sum: Record<string, string>, list: ResourceList | undefined): void {
  for (const name in list) sum[name] = addQuantities(sum[name], list[name] as string);
}

/** Raises what is smaller in `sum` to what `list` says, in place. */
export function maxResources(sum: Record<string, string>, list: ResourceList | undefined): void {
  for (const name in list) {
    const quantity = list[name] as string;
    if (sum[name] === undefined || compareQuantities(quantity, sum[name]) > 0) sum[name] = quantity;
  }
}
