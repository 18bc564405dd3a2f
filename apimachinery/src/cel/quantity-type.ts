import { parseQuantity, type Quantity } from '../quantity/index.ts';
import { CelError } from './cel-error.ts';
import { CelObject, type CelValue } from './values.ts';

/** `quantity("1Gi")` (k8s.io/apiserver pkg/cel/library/quantity.go). */
export class QuantityValue extends CelObject {
  readonly typeName = 'kubernetes.Quantity';
  readonly quantity: Quantity;

  constructor(value: string | Quantity) {
    super();
    if (typeof value !== 'string') {
      this.quantity = value;
      return;
    }
    try {
      this.quantity = parseQuantity(value);
    } catch (error) {
      throw new CelError(error instanceof Error ? error.message : String(error));
    }
  }

  override equals(other: CelValue): boolean {
    return other instanceof QuantityValue && this.quantity.compare(other.quantity) === 0;
  }

  override compare(other: CelValue): number | undefined {
    return other instanceof QuantityValue ? this.quantity.compare(other.quantity) : undefined;
  }

  override call(name: string, [other]: readonly CelValue[]): CelValue | undefined {
    const operand = other instanceof QuantityValue ? other.quantity : undefined;
    const whole = this.quantity.nanos % 1_000_000_000n === 0n;
    switch (name) {
      case 'sign':
        return BigInt(this.quantity.sign);
      case 'isInteger':
        return whole;
      case 'asInteger':
        if (!whole) throw new CelError('cannot convert value to integer');
        return this.quantity.bigValue();
      case 'asApproximateFloat':
        return this.quantity.toNumber();
      case 'isGreaterThan':
        return operand && this.quantity.compare(operand) > 0;
      case 'isLessThan':
        return operand && this.quantity.compare(operand) < 0;
      case 'compareTo':
        return operand && BigInt(this.quantity.compare(operand));
      case 'add':
        return new QuantityValue(this.quantity.add(this.#operand(other)));
      case 'sub':
        return new QuantityValue(this.quantity.sub(this.#operand(other)));
      default:
        return undefined;
    }
  }

  #operand(other: CelValue | undefined): Quantity {
    if (other instanceof QuantityValue) return other.quantity;
    if (typeof other === 'bigint') return parseQuantity(String(other));
    throw new CelError('no such overload');
  }

  override toString(): string {
    return this.quantity.toString();
  }
}
