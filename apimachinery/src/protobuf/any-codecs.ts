import type { Reader } from './reader.ts';
import type { ValueCodec } from './value-codec.ts';
import type { Writer } from './writer.ts';

/**
 * Definitions that are any value in JSON and a message of their own in protobuf. `parent` is the codec of the definition
 * whose field it is: the unions of apiextensions only occur in JSONSchemaProps and refer to it.
 */
export function anyCodec(definition: string, parent: ValueCodec): ValueCodec {
  switch (definition.slice(definition.lastIndexOf('.') + 1)) {
    case 'JSONSchemaPropsOrArray':
      return unionCodec(parent, parent);
    case 'JSONSchemaPropsOrStringArray':
      return unionCodec(parent, stringCodec);
    case 'JSONSchemaPropsOrBool':
      return schemaOrBoolCodec(parent);
    default:
      return jsonCodec;
  }
}

/** RawExtension, FieldsV1 and JSON: field 1 holds JSON text. */
const jsonCodec: ValueCodec = {
  decode(reader: Reader, end: number): unknown {
    let value: unknown = null;
    while (reader.position < end) {
      const tag = reader.varint();
      if (tag === 10) value = reader.json();
      else reader.skip(tag);
    }
    return value;
  },
  encode(writer: Writer, value: unknown): void {
    writer.string(JSON.stringify(value));
    writer.varint(10);
  },
};

const stringCodec: ValueCodec = {
  decode: (reader, end) => reader.text(end),
  encode: (writer, value) => writer.text(value as string),
};

/** One schema in field 1, or a list of `items` in field 2. */
function unionCodec(schema: ValueCodec, items: ValueCodec): ValueCodec {
  return {
    decode(reader, end) {
      let one: unknown;
      const list: unknown[] = [];
      while (reader.position < end) {
        const tag = reader.varint();
        if (tag === 10) one = schema.decode(reader, reader.end());
        else if (tag === 18) list.push(items.decode(reader, reader.end()));
        else reader.skip(tag);
      }
      return one ?? list;
    },
    encode(writer, value) {
      if (!Array.isArray(value)) return nested(writer, schema, value, 10);
      for (let index = value.length - 1; index >= 0; index--) nested(writer, items, value[index], 18);
    },
  };
}

/** Field 1 says whether anything is allowed; a schema in field 2 says what. */
function schemaOrBoolCodec(schema: ValueCodec): ValueCodec {
  return {
    decode(reader, end) {
      let allowed = false;
      let one: unknown;
      while (reader.position < end) {
        const tag = reader.varint();
        if (tag === 8) allowed = reader.boolean();
        else if (tag === 18) one = schema.decode(reader, reader.end());
        else reader.skip(tag);
      }
      return one ?? allowed;
    },
    encode(writer, value) {
      if (typeof value !== 'boolean') nested(writer, schema, value, 18);
      writer.boolean(value !== false);
      writer.varint(8);
    },
  };
}

function nested(writer: Writer, codec: ValueCodec, value: unknown, tag: number): void {
  const before = writer.length;
  codec.encode(writer, value);
  writer.header(before);
  writer.varint(tag);
}
