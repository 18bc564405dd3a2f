/** Container images for the tests, built offline from the distribution's packages. */
export { applicationImages, buildApplicationImages } from './application-images.ts';
export { buildConformanceImages, type ConformancePrograms } from './conformance-images.ts';
export { debianFile, debianTar } from './debian.ts';
export { OciLayout } from './oci-layout.ts';
