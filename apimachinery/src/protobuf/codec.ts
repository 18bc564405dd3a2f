import type { AnySchema, ListSchema, MapSchema, ObjectSchema, Schema } from '../schema/index.ts';
import { anyCodec } from './any-codecs.ts';
import { type LayoutEntry, type MessageLayout, messageLayout } from './message-layout.ts';
import type { Reader } from './reader.ts';
import type { ValueCodec } from './value-codec.ts';
import type { Writer } from './writer.ts';

/**
 * The two functions of one definition. They are generated source text, compiled on first use: a property access by a name
 * the engine can see is several times faster than one by a name out of a table.
 */
class MessageCodec implements ValueCodec {
  readonly #schema: ObjectSchema;
  decode: (reader: Reader, end: number) => unknown;
  encode: (writer: Writer, value: unknown) => void;

  constructor(schema: ObjectSchema) {
    this.#schema = schema;
    this.decode = (reader, end) => this.#compile().decode(reader, end);
    this.encode = (writer, value) => this.#compile().encode(writer, value);
  }

  #compile(): this {
    const source = new SourceBuilder(this);
    const layout = messageLayout(this.#schema);
    const decode = source.decoder(layout);
    const encode = source.encoder(layout);
    const make = new Function('codecs', `${source.functions.join('\n')}\nreturn [${decode}, ${encode}];`);
    [this.decode, this.encode] = make(source.codecs);
    return this;
  }
}

const codecs = new WeakMap<ObjectSchema, MessageCodec>();

export function codecOf(schema: ObjectSchema): ValueCodec {
  let codec = codecs.get(schema);
  if (codec === undefined) codecs.set(schema, (codec = new MessageCodec(schema)));
  return codec;
}

const wireVarint = 0;
const wireDouble = 1;
const wireBytes = 2;

/** How each scalar is read and written: methods of Reader and Writer. */
const scalarMethods: Readonly<Record<string, readonly [read: string, write: string, wire: number]>> = {
  string: ['string', 'string', wireBytes],
  boolean: ['boolean', 'boolean', wireVarint],
  int32: ['int32', 'varint', wireVarint],
  int64: ['varint', 'varint', wireVarint],
  double: ['double', 'double', wireDouble],
  bytes: ['base64', 'base64', wireBytes],
  quantity: ['quantity', 'quantity', wireBytes],
  'int-or-string': ['intOrString', 'intOrString', wireBytes],
  time: ['time', 'time', wireBytes],
  'micro-time': ['microTime', 'microTime', wireBytes],
  duration: ['duration', 'duration', wireBytes],
};

/** Zero values that are neither kept when read (with omitempty) nor written (unless a pointer). */
const zeroTexts: Readonly<Record<string, string>> = {
  string: '""',
  boolean: 'false',
  int32: '0',
  int64: '0',
  double: '0',
  bytes: '""',
};

/** Makes the source text of the functions of one definition. Names in it: `r` reader, `w` writer, `o` object, `v` value. */
class SourceBuilder {
  readonly functions: string[] = [];
  readonly codecs: ValueCodec[] = [];
  readonly #own: ValueCodec;
  #names = 0;

  constructor(own: ValueCodec) {
    this.#own = own;
  }

  decoder(layout: MessageLayout): string {
    const inner = this.#decodeInto(layout);
    return `(r, end) => { const o = {}; ${inner}(r, end, o); return o; }`;
  }

  #decodeInto(layout: MessageLayout): string {
    const cases = layout.entries.map((entry) => this.#decodeCase(entry)).join('\n');
    const name = this.#name();
    this.functions.push(
      `function ${name}(r, end, o) { while (r.position < end) { const tag = r.varint(); switch (tag) {\n${cases}\n` +
        `default: r.skip(tag); } } }`,
    );
    return name;
  }

  #decodeCase(entry: LayoutEntry): string {
    if ('inlined' in entry) {
      const name = this.#decodeInto(entry.inlined);
      return `case ${tagOf(entry.number, wireBytes)}: ${name}(r, r.end(), o); break;`;
    }
    const { field, number } = entry;
    const { schema } = field;
    const target = `o[${JSON.stringify(field.name)}]`;
    if (schema.type === 'list' && schema.wrapped !== true) return this.#decodeListCase(number, schema, target);
    if (schema.type === 'map') return this.#decodeMapCase(number, schema, target);
    const tag = tagOf(number, wireOf(schema));
    const zero =
      schema.type === 'scalar' && field.pointer !== true && field.omitEmpty ? zeroTexts[schema.scalar] : undefined;
    const value = this.#read(schema);
    if (zero === undefined) return `case ${tag}: ${target} = ${value}; break;`;
    return `case ${tag}: { const v = ${value}; if (v !== ${zero}) ${target} = v; break; }`;
  }

  #decodeListCase(number: number, schema: ListSchema, target: string): string {
    const value = this.#read(schema.items);
    const wire = wireOf(schema.items);
    const one = `case ${tagOf(number, wire)}: { const v = ${value}; const l = ${target}; if (l) l.push(v); else ${target} = [v]; break; }`;
    if (wire === wireBytes) return one;
    // Numbers may come packed, although nobody in Kubernetes writes them so.
    return `${one}\ncase ${tagOf(number, wireBytes)}: { const e = r.end(); const l = (${target} ??= []); while (r.position < e) l.push(${value}); break; }`;
  }

  #decodeMapCase(number: number, schema: MapSchema, target: string): string {
    const valueTag = tagOf(2, wireOf(schema.values));
    return (
      `case ${tagOf(number, wireBytes)}: { const e = r.end(); let k = "", v = ${zeroOf(schema.values)}; ` +
      `while (r.position < e) { const t = r.varint(); if (t === 10) k = r.string(); ` +
      `else if (t === ${valueTag}) v = ${this.#read(schema.values)}; else r.skip(t); } ` +
      `r.setEntry(${target} ??= {}, k, v); break; }`
    );
  }

  #read(schema: Schema): string {
    if (schema.type === 'scalar') return `r.${methodsOf(schema.scalar)[0]}()`;
    if (schema.type === 'list') return this.#readWrapped(schema);
    if (schema.type === 'map') throw new Error('protobuf has no map of maps');
    return `${this.#link(this.#codec(schema))}.decode(r, r.end())`;
  }

  #readWrapped(schema: ListSchema): string {
    const name = this.#name();
    const tag = tagOf(1, wireOf(schema.items));
    const value = this.#read(schema.items);
    this.functions.push(
      `function ${name}(r, end) { const l = []; while (r.position < end) { const t = r.varint(); ` +
        `if (t === ${tag}) l.push(${value}); else r.skip(t); } return l; }`,
    );
    return `${name}(r, r.end())`;
  }

  encoder(layout: MessageLayout): string {
    const statements = [...layout.entries].reverse().map((entry) => this.#encodeEntry(entry));
    const name = this.#name();
    this.functions.push(`function ${name}(w, o) { let v;\n${statements.join('\n')}\n}`);
    return name;
  }

  #encodeEntry(entry: LayoutEntry): string {
    if ('inlined' in entry) {
      const name = this.encoder(entry.inlined);
      return `{ const n = w.length; ${name}(w, o); if (w.length !== n) { w.header(n); w.varint(${tagOf(entry.number, wireBytes)}); } }`;
    }
    const { field, number } = entry;
    const { schema } = field;
    const get = `v = o[${JSON.stringify(field.name)}];`;
    const tag = `w.varint(${tagOf(number, wireOf(schema))});`;
    if (schema.type === 'list' && schema.wrapped !== true) {
      const item = this.#write(schema.items, 'v[i]');
      return `${get} if (v) for (let i = v.length - 1; i >= 0; i--) { ${item} w.varint(${tagOf(number, wireOf(schema.items))}); }`;
    }
    if (schema.type === 'map') {
      const value = this.#write(schema.values, 'v[k[i]]');
      const valueTag = `w.varint(${tagOf(2, wireOf(schema.values))});`;
      return (
        `${get} if (v) { const k = Object.keys(v).sort(); for (let i = k.length - 1; i >= 0; i--) { const n = w.length; ` +
        `${value} ${valueTag} w.string(k[i]); w.varint(10); w.header(n); ${tag} } }`
      );
    }
    const zero = schema.type === 'scalar' && field.pointer !== true ? zeroTexts[schema.scalar] : undefined;
    const present =
      zero === undefined ? 'v !== undefined && v !== null' : `v !== undefined && v !== null && v !== ${zero}`;
    return `${get} if (${present}) { ${this.#write(schema, 'v')} ${tag} }`;
  }

  #write(schema: Schema, value: string): string {
    if (schema.type === 'scalar') return `w.${methodsOf(schema.scalar)[1]}(${value});`;
    if (schema.type === 'map') throw new Error('protobuf has no map of maps');
    if (schema.type === 'list') {
      const item = this.#write(schema.items, 'l[j]');
      const tag = tagOf(1, wireOf(schema.items));
      return `{ const m = w.length, l = ${value}; for (let j = l.length - 1; j >= 0; j--) { ${item} w.varint(${tag}); } w.header(m); }`;
    }
    return `{ const m = w.length; ${this.#link(this.#codec(schema))}.encode(w, ${value}); w.header(m); }`;
  }

  #codec(schema: ObjectSchema | AnySchema): ValueCodec {
    return schema.type === 'object' ? codecOf(schema) : anyCodec(schema.name ?? '', this.#own);
  }

  #name(): string {
    return `f${this.#names++}`;
  }

  #link(codec: ValueCodec): string {
    let index = this.codecs.indexOf(codec);
    if (index < 0) index = this.codecs.push(codec) - 1;
    return `codecs[${index}]`;
  }
}

function tagOf(number: number, wire: number): number {
  return number * 8 + wire;
}

function wireOf(schema: Schema): number {
  return schema.type === 'scalar' ? methodsOf(schema.scalar)[2] : wireBytes;
}

function methodsOf(scalar: string): readonly [read: string, write: string, wire: number] {
  const methods = scalarMethods[scalar];
  if (!methods) throw new Error(`${scalar} has no protobuf encoding`);
  return methods;
}

function zeroOf(schema: Schema): string {
  if (schema.type === 'scalar') return zeroTexts[schema.scalar] ?? (schema.scalar === 'quantity' ? '"0"' : 'null');
  return schema.type === 'object' ? '{}' : 'null';
}
