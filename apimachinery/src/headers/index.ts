/** How names of users, groups and the like stand in HTTP headers: UTF-8, and percent-encoded in a header's own name. */
export { headerKey, headerText, keyOfHeader, textOfHeader } from './header-text.ts';
