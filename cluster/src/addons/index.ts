/** Objects that every cluster begins with, applied through the ordinary API. */
export { applyAddons } from './addons.ts';
