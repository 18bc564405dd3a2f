/** Files and folders that a user named, and what is wrong with them in a user's words. */
export { explainFileError } from './explain-file-error.ts';
export { makeFolder } from './make-folder.ts';
