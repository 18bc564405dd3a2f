export { checkObject, type Decoded, DecodeError, decodeStrict, strictDecodingError } from './decode.ts';
export { applyDefaults } from './defaults.ts';
export { normalize, withZeroValues } from './normalize.ts';
