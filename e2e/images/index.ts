/** Container images for the tests, built from the distribution's packages and upstream's programs; none is pulled. */
export { applicationImages, buildApplicationImages } from './application-images.ts';
export { buildConformanceImages, type ConformancePrograms } from './conformance-images.ts';
export { debianFile, debianTar } from './debian.ts';
export { OciLayout } from './oci-layout.ts';
