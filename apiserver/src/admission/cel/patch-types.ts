import {
  CelError,
  CelObject,
  type CelValue,
  dynType,
  objectType,
  opaqueType,
  recordType,
  type StructResolver,
  type StructType,
  stringFields,
  toJson,
  type Type,
} from '@coracle/apimachinery/cel';

/** `JSONPatch{op: "add", path: "/a", value: 1}`, and `Object{spec: Object.spec{replicas: 1}}` of whatever depth. */
export const patchStructs: StructResolver = (name) => {
  if (name === 'JSONPatch') return jsonPatch;
  return name === 'Object' || name.startsWith('Object.') ? objectStruct(name) : undefined;
};

/** What `Object.spec{…}` makes; it may only stand in the field whose name it has. */
export class PatchObject extends CelObject {
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, CelValue>;

  constructor(name: string, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.typeName = name;
    this.fields = fields;
  }

  override equals(other: CelValue): boolean {
    return other instanceof PatchObject && JSON.stringify(this.toJson()) === JSON.stringify(other.toJson());
  }

  /** Throws CelError for a part that stands in the wrong place (k8s.io/apiserver pkg/cel/mutation/dynamic/objects.go). */
  override toJson(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [name, value] of this.fields) {
      checkPlaces(`${this.typeName}.${name}`, value);
      result[name] = toJson(value);
    }
    return result;
  }
}

/** Objects below a field have the field's path for their type; what maps hold has no type of its own. */
function checkPlaces(path: string, value: CelValue): void {
  if (value instanceof PatchObject && value.typeName !== path) {
    const text = `unexpected type name "${value.typeName}", expected "${path}", which matches field name path from root Object type`;
    throw new CelError(text);
  }
  if (Array.isArray(value)) for (const each of value as readonly CelValue[]) checkPlaces(path, each);
}

const patchFields: Readonly<Record<string, Type>> = { ...stringFields('op', 'path', 'from'), value: dynType };

const noType = opaqueType('');

const jsonPatch: StructType = {
  type: recordType('JSONPatch', patchFields),
  // Upstream takes any name for a field, and gives those that are none no type.
  field: (name) => (Object.hasOwn(patchFields, name) ? patchFields[name] : noType),
  make(fields) {
    for (const [name, value] of fields) {
      if (name === 'value' || typeof value === 'string') continue;
      throw new CelError(`unexpected type for JSONPatchType '${name}' field`);
    }
    return fields;
  },
};

function objectStruct(name: string): StructType {
  return {
    type: objectType(name, new Map()),
    field: () => dynType,
    make: (fields) => new PatchObject(name, fields as ReadonlyMap<string, CelValue>),
  };
}
