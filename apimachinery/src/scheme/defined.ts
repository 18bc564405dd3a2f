/** The object without its undefined fields; changed in place. Plain data has no field that is there and undefined. */
export function defined<T extends object>(object: T): T {
  for (const name in object) {
    if (object[name] === undefined) delete object[name];
  }
  return object;
}
