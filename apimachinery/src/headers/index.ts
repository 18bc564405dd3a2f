/** How names of users, groups and the like stand in HTTP headers: UTF-8, and percent-encoded in a header's own name. */
export { headerText, keyOfHeader, textOfHeader } from './header-text.ts';
export { type Identity, identityHeaders } from './identity-headers.ts';
