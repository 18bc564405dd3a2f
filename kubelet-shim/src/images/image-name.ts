const defaultDomain = 'docker.io';
const officialRepository = 'library';

/** `busybox` → `docker.io/library/busybox:latest`, as containers' tools read a name. Throws on what is no name at all. */
export function normalizeImageName(image: string): string {
  if (!/^[a-zA-Z0-9]/.test(image) || /\s/.test(image))
    throw new Error(`couldn't parse image name "${image}": invalid reference format`);
  const slash = image.indexOf('/');
  const head = slash < 0 ? '' : image.slice(0, slash);
  const hasDomain = slash > 0 && (/[.:]/.test(head) || head === 'localhost' || head !== head.toLowerCase());
  const domain = hasDomain ? head : defaultDomain;
  const rest = hasDomain ? image.slice(slash + 1) : image;
  const path = domain === defaultDomain && !rest.includes('/') ? `${officialRepository}/${rest}` : rest;
  const name = path.replace(/[:@].*$/, '');
  if (name !== name.toLowerCase())
    throw new Error(
      `couldn't parse image name "${image}": invalid reference format: repository name (${name}) must be lowercase`,
    );
  const hasTag = /[:@]/.test(path.slice(path.lastIndexOf('/') + 1));
  return `${domain}/${path}${hasTag ? '' : ':latest'}`;
}

/** The part that credentials are looked up by: `registry.example.com/team/app`. */
export function repositoryOf(normalized: string): string {
  const [withoutDigest = ''] = normalized.split('@');
  const colon = withoutDigest.lastIndexOf(':');
  return colon > withoutDigest.lastIndexOf('/') ? withoutDigest.slice(0, colon) : withoutDigest;
}
