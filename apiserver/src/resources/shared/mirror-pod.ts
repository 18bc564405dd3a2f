/** What a node says of a pod that it has from a file of its own. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
