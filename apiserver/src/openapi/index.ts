/** OpenAPI v2 and v3 documents of everything that is served, made from the schema table when somebody asks. */
export type { OpenApiSource, RemoteDocumentation } from './documents.ts';
export { openApiPaths } from './paths.ts';
