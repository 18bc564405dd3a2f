import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { StoredObject } from '../storage/object-store/object-store.ts';
import { combineCrc32 } from './crc32-combine.ts';

/**
 * Lists that are compressed once. Neighbouring objects make a run; a run is deflated up to a byte boundary and kept for as
 * long as its objects are the same. A list is then a gzip header, the runs in a row, and a checksum put together from theirs.
 * Where a run ends depends on the names of its objects, so that one change makes one run anew and leaves the others.
 *
 *   gzip header | head + first item | run | run | … | tail | end of the deflate stream | CRC-32 | length
 */
export interface PackedListParts {
  /** Names encoding and selection: runs of one are of no use to another. */
  readonly variant: string;
  readonly head: Uint8Array;
  readonly items: readonly StoredObject[];
  readonly piecesOf: (item: StoredObject) => readonly Uint8Array[];
  /** Between two items. */
  readonly separator: Uint8Array;
  readonly tail: Uint8Array;
}

interface Packed {
  readonly bytes: Uint8Array;
  readonly crc: number;
  readonly rawLength: number;
}

interface Run {
  readonly items: readonly StoredObject[];
  /** Under way or done: lists that are asked for at the same time share it. */
  readonly packed: Promise<Packed>;
}

const runItemsMax = 128;
/** One object in so many ends its run. */
const runItemsMean = 32;
/** Runs of one list that are deflated at the same time: a worker's state takes a quarter of a megabyte. */
const lanesMax = 4;

const deflate = promisify(deflateRaw);
const deflateOptions = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH };
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff]);
/** An empty last block. */
const deflateEnd = Buffer.from([3, 0]);

/** Encodings and selections whose runs are kept. */
const variantsMax = 64;
/** Runs by variant, the longest unused first, and by first object; they go when that object goes. */
const runsOf = new Map<string, WeakMap<StoredObject, Run>>();

/** The whole gzip member, in pieces. */
export async function packList(parts: PackedListParts): Promise<Uint8Array[]> {
  const [first, ...rest] = parts.items;
  const beginning = first === undefined ? parts.head : Buffer.concat([parts.head, ...parts.piecesOf(first)]);
  const pieces = [await pack(beginning), ...(await packRuns(parts, runs(rest))), await pack(parts.tail)];
  let crc = 0;
  let length = 0;
  for (const piece of pieces) {
    crc = combineCrc32(crc, piece.crc, piece.rawLength);
    length += piece.rawLength;
  }
  const trailer = Buffer.allocUnsafe(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 0x1_0000_0000, 4);
  return [gzipHeader, ...pieces.map((piece) => piece.bytes), deflateEnd, trailer];
}

function runs(items: readonly StoredObject[]): StoredObject[][] {
  const all: StoredObject[][] = [];
  let run: StoredObject[] = [];
  for (const item of items) {
    run.push(item);
    if (run.length < runItemsMax && !endsRun(item.name)) continue;
    all.push(run);
    run = [];
  }
  if (run.length > 0) all.push(run);
  return all;
}

function endsRun(name: string): boolean {
  let hash = 0;
  for (let index = 0; index < name.length; index++) hash = (Math.imul(hash, 31) + name.charCodeAt(index)) | 0;
  return (hash >>> 8) % runItemsMean === 0;
}

async function packRuns(parts: PackedListParts, all: readonly StoredObject[][]): Promise<Packed[]> {
  const known = knownRuns(parts.variant);
  const packed: Packed[] = [];
  let next = 0;
  const lane = async () => {
    while (next < all.length) {
      const index = next++;
      packed[index] = await packRun(parts, known, all[index] as StoredObject[]);
    }
  };
  await Promise.all(Array.from({ length: lanesMax }, lane));
  return packed;
}

function knownRuns(variant: string): WeakMap<StoredObject, Run> {
  const known = runsOf.get(variant) ?? new WeakMap<StoredObject, Run>();
  runsOf.delete(variant);
  runsOf.set(variant, known);
  if (runsOf.size > variantsMax) {
    const [oldest = ''] = runsOf.keys();
    runsOf.delete(oldest);
  }
  return known;
}

function packRun(
  { piecesOf, separator }: PackedListParts,
  known: WeakMap<StoredObject, Run>,
  items: readonly StoredObject[],
): Promise<Packed> {
  const first = items[0] as StoredObject;
  const present = known.get(first);
  if (present !== undefined && sameItems(present.items, items)) return present.packed;
  const packed = pack(Buffer.concat(items.flatMap((item) => [separator, ...piecesOf(item)])));
  known.set(first, { items, packed });
  packed.catch(() => known.delete(first));
  return packed;
}

function sameItems(left: readonly StoredObject[], right: readonly StoredObject[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

async function pack(raw: Uint8Array): Promise<Packed> {
  return { bytes: await deflate(raw, deflateOptions), crc: crc32(raw), rawLength: raw.length };
}
