import { unescapeProperty } from './property-names.ts';
import type { CelValue } from './values.ts';

/** A map whose keys may be said escaped: `claims.acme__dot__com` (k8s.io/apiserver …/token/oidc/oidc.go, unescapeMapper). */
export class UnescapingMap extends Map<CelValue, CelValue> {
  override has(key: CelValue): boolean {
    return super.has(unescaped(key));
  }

  override get(key: CelValue): CelValue | undefined {
    return super.get(unescaped(key));
  }
}

/** A map of which fields are read, and nothing else: it has no size and `in` does not go (k8s.io/apiserver pkg/cel/lazy). */
export class FieldsOnly extends UnescapingMap {}

function unescaped(key: CelValue): CelValue {
  return typeof key === 'string' ? unescapeProperty(key) : key;
}
