import { Writer } from '@coracle/apimachinery/protobuf';

/** How a JSON value becomes the content of a message. Writes back to front: see `Writer`. */
export type Shape = (writer: Writer, value: unknown) => void;

/** How a JSON value becomes a field of a message, tag and all. */
export type FieldShape = (writer: Writer, number: number, value: unknown) => void;

type Json = Readonly<Record<string, unknown>>;

const [varintWire, doubleWire, bytesWire] = [0, 1, 2];

/** The bytes of a message. */
export function encode(shape: Shape, value: unknown): Uint8Array {
  const writer = new Writer();
  shape(writer, value);
  return writer.finish();
}

/** Scalars that are zero are not written, as proto3 has it; those of a choice are, so these two do and the others wrap them. */
const writeText: FieldShape = (writer, number, value) => {
  writer.string(String(value));
  tag(writer, number, bytesWire);
};
const writeFlag: FieldShape = (writer, number, value) => {
  writer.boolean(value === true);
  tag(writer, number, varintWire);
};
const writeDouble: FieldShape = (writer, number, value) => {
  writer.double(Number(value));
  tag(writer, number, doubleWire);
};

export const text = unlessZero(writeText);
export const flag = unlessZero(writeFlag);
export const double = unlessZero(writeDouble);
export const integer = unlessZero((writer, number, value) => {
  writer.varint(Number(value));
  tag(writer, number, varintWire);
});
export const texts = list(writeText);
export const choices = { text: writeText, flag: writeFlag, double: writeDouble } as const;

/** A value that the grammar leaves open travels as YAML, of which JSON is a part. */
const anyValue: Shape = (writer, value) => writeText(writer, 2, `${JSON.stringify(value)}\n`);
export const any = nested(() => anyValue);
export const anys = list(any);

export function nested(shape: () => Shape): FieldShape {
  return (writer, number, value) => {
    const before = writer.length;
    shape()(writer, value);
    writer.header(before);
    tag(writer, number, bytesWire);
  };
}

export function list(item: FieldShape): FieldShape {
  return (writer, number, value) => {
    for (const each of (value as readonly unknown[]).toReversed()) item(writer, number, each);
  };
}

/** A map is a list of pairs: name and value. */
export function pairs(value: FieldShape, isMine: (name: string) => boolean = () => true): FieldShape {
  const pair = nested(() => (writer, entry) => {
    const [name, each] = entry as readonly [string, unknown];
    value(writer, 2, each);
    text(writer, 1, name);
  });
  return (writer, number, object) => {
    for (const entry of Object.entries(object as Json).toReversed()) if (isMine(entry[0])) pair(writer, number, entry);
  };
}

/** A message that is nothing but a map, in field 1. */
export function map(value: FieldShape): Shape {
  const all = pairs(value);
  return (writer, object) => all(writer, 1, object);
}

/** A message that stands for one of its fields. */
export function choice(choose: (value: unknown) => readonly [number: number, field: FieldShape] | undefined): Shape {
  return (writer, value) => {
    const chosen = choose(value);
    if (chosen !== undefined) chosen[1](writer, chosen[0], value);
  };
}

/** A message by JSON keys in the order of its numbers; `extensions` is the field of the keys that begin with `x-`. */
export function message(fields: Readonly<Record<string, readonly [number, FieldShape]>>, extensions?: number): Shape {
  const ordered = Object.entries(fields).toReversed();
  return (writer, value) => {
    const object = value as Json;
    if (extensions !== undefined) extended(writer, extensions, object);
    for (const [key, [number, field]] of ordered) {
      const each = object[key];
      if (each !== undefined) field(writer, number, each);
    }
  };
}

export const isExtension = (name: string): boolean => name.startsWith('x-');
const extended = pairs(any, isExtension);

export function isReference(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$ref' in value;
}

function unlessZero(field: FieldShape): FieldShape {
  return (writer, number, value) => {
    if (value !== '' && value !== 0 && value !== false) field(writer, number, value);
  };
}

function tag(writer: Writer, number: number, wire: number): void {
  writer.varint(number * 8 + wire);
}
