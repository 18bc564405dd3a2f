export {
  checkObject,
  type Decoded,
  DecodeError,
  decodeStrict,
  type Mismatch,
  strictDecodingError,
} from './decode.ts';
export { jsonType } from './scalars.ts';
export { applyDefaults } from './defaults.ts';
export { normalize, storedForm, withSentEmpties, withZeroValues } from './normalize.ts';
