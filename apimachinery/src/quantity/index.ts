export { formatDuration, humanAge, humanDuration, parseDuration } from './duration.ts';
export {
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  Quantity,
  type QuantityFormat,
  quantityMilliValue,
  quantityOrZero,
  quantityValue,
  zeroQuantity,
} from './quantity.ts';
