/** What is said of types and fields in the documents. */
export { descriptionOfField, descriptionOfType, metadataText, objectMetaName } from './descriptions.ts';
