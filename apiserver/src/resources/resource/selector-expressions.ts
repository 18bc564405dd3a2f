import {
  anyType,
  boolType,
  CelError,
  CelProgramError,
  compile,
  estimateCost,
  mapOf,
  parseType,
  recordType,
  stringType,
  type Type,
  typeText,
} from '@coracle/apimachinery/cel';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import { compileRegex } from '../../admission/cel/index.ts';

/** What one selector can cost at most for one device, in CEL's units. */
const selectorCostMax = 1_000_000;
const attributesMax = 32;
const lengthMax = { domain: 63, id: 32, driver: 63, value: 64 } as const;

const attributesType = mapOf(stringType, mapOf(stringType, anyType));
const capacityType = mapOf(stringType, mapOf(stringType, parseType('kubernetes.Quantity')));
const deviceType = recordType('kubernetes.DRADevice', {
  driver: stringType,
  allowMultipleAllocations: boolType,
  attributes: attributesType,
  capacity: capacityType,
});

/** What is wrong with an expression that selects devices (k8s.io/dynamic-resource-allocation cel/compile.go). */
export function validateSelectorExpression(expression: string, path: string): FieldError[] {
  try {
    const { type, checked } = compile(expression, {
      variables: { device: deviceType },
      regex: compileRegex,
      bindings: true,
    });
    const problem = wrongResult(type);
    if (problem !== undefined) return [field.invalid(path, expression, problem)];
    const { max } = estimateCost(checked, { sizeOf });
    return max > selectorCostMax ? [field.forbidden(path, 'too complex, exceeds cost limit')] : [];
  } catch (error) {
    if (error instanceof CelProgramError) {
      const problem = wrongResult(error.type);
      if (problem !== undefined) return [field.invalid(path, expression, problem)];
      return [field.internal(path, `program instantiation failed: ${error.message}`)];
    }
    if (error instanceof CelError) return [field.invalid(path, expression, `compilation failed: ${error.message}`)];
    throw error;
  }
}

function wrongResult(type: Type): string | undefined {
  return ['bool', 'any', 'dyn'].includes(type.name)
    ? undefined
    : `must evaluate to bool or the unknown type, not ${typeText(type)}`;
}

/** How large the parts of a device can be. */
function sizeOf(path: readonly string[] | undefined): { min: number; max: number } | undefined {
  const max = path === undefined || path[0] !== 'device' ? undefined : sizeMax(path.slice(1));
  return max === undefined ? undefined : { min: 0, max };
}

function sizeMax([name, domain, id, more]: readonly string[]): number | undefined {
  if (name === undefined) return 0;
  if (name === 'driver') return domain === undefined ? lengthMax.driver : undefined;
  if (name === 'allowMultipleAllocations') return domain === undefined ? 1 : undefined;
  if (more !== undefined || (name !== 'attributes' && name !== 'capacity')) return undefined;
  if (domain === undefined) return attributesMax;
  if (domain === '@keys') return id === undefined ? lengthMax.domain : undefined;
  if (domain !== '@values') return undefined;
  if (id === undefined) return attributesMax;
  if (id === '@keys') return lengthMax.id;
  if (name === 'attributes') return lengthMax.value;
  return id === '@values' ? 0 : undefined;
}
