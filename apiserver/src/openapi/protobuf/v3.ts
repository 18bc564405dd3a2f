import {
  any,
  anys,
  choice,
  choices,
  double,
  encode,
  type FieldShape,
  flag,
  integer,
  isExtension,
  isReference,
  list,
  map,
  message,
  nested,
  pairs,
  type Shape,
  text,
  texts,
} from './shapes.ts';

/** An OpenAPI 3 document as a message of gnostic's `openapi.v3.Document` (gnostic-models `openapiv3/OpenAPIv3.proto`). */
export function encodeV3(document: object): Uint8Array {
  return encode(documentShape, document);
}

const reference = message({ $ref: [1, text], summary: [2, text], description: [3, text] });
const references = nested(() => reference);
/** What may be a reference: itself in field 1, a reference in field 2. */
function referable(shape: () => Shape): FieldShape {
  const own = nested(shape);
  const either = choice((value) => (isReference(value) ? [2, references] : [1, own]));
  return nested(() => either);
}

const schemas = referable(() => schema);
const schemaLists = list(schemas);
const itemsItem: Shape = (writer, value) => schemaLists(writer, 1, Array.isArray(value) ? value : [value]);
const additionalProperties = choice((value) => (typeof value === 'boolean' ? [2, choices.flag] : [1, schemas]));
/** A default that is a list or an object has no place in the message: it is there, and empty. */
const defaultType = choice((value) => {
  if (typeof value === 'number') return [1, choices.double];
  if (typeof value === 'boolean') return [2, choices.flag];
  return typeof value === 'string' ? [3, choices.text] : undefined;
});
const namedSchemas = map(schemas);

const schema: Shape = message(
  {
    nullable: [1, flag],
    readOnly: [3, flag],
    example: [7, any],
    deprecated: [8, flag],
    title: [9, text],
    multipleOf: [10, double],
    maximum: [11, double],
    exclusiveMaximum: [12, flag],
    minimum: [13, double],
    exclusiveMinimum: [14, flag],
    maxLength: [15, integer],
    minLength: [16, integer],
    pattern: [17, text],
    maxItems: [18, integer],
    minItems: [19, integer],
    uniqueItems: [20, flag],
    maxProperties: [21, integer],
    minProperties: [22, integer],
    required: [23, texts],
    enum: [24, anys],
    type: [25, text],
    allOf: [26, schemaLists],
    oneOf: [27, schemaLists],
    anyOf: [28, schemaLists],
    not: [29, nested(() => schema)],
    items: [30, nested(() => itemsItem)],
    properties: [31, nested(() => namedSchemas)],
    additionalProperties: [32, nested(() => additionalProperties)],
    default: [33, nested(() => defaultType)],
    description: [34, text],
    format: [35, text],
  },
  36,
);

const mediaType = message({ schema: [1, schemas] }, 5);
const mediaTypes = map(nested(() => mediaType));
const parameter = message(
  { name: [1, text], in: [2, text], description: [3, text], required: [4, flag], schema: [10, schemas] },
  14,
);
const parameters = list(referable(() => parameter));
const requestBody = message({ description: [1, text], content: [2, nested(() => mediaTypes)], required: [3, flag] }, 4);
const response = message({ description: [1, text], content: [3, nested(() => mediaTypes)] }, 5);
const codes = pairs(referable(() => response));
const responses: Shape = (writer, value) => codes(writer, 2, value);

const operation = message(
  {
    tags: [1, texts],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, parameters],
    requestBody: [7, referable(() => requestBody)],
    responses: [8, nested(() => responses)],
  },
  13,
);
const operations = nested(() => operation);
const pathItem = message(
  {
    get: [4, operations],
    put: [5, operations],
    post: [6, operations],
    delete: [7, operations],
    options: [8, operations],
    head: [9, operations],
    patch: [10, operations],
    parameters: [13, parameters],
  },
  14,
);
const items = pairs(
  nested(() => pathItem),
  (name) => !isExtension(name),
);
const paths: Shape = (writer, value) => items(writer, 1, value);

const info = message({ title: [1, text], description: [2, text], version: [6, text] }, 7);
const securityScheme = message({ type: [1, text], description: [2, text], name: [3, text], in: [4, text] }, 9);
const securitySchemes = map(referable(() => securityScheme));
const components = message(
  {
    schemas: [1, nested(() => namedSchemas)],
    securitySchemes: [7, nested(() => securitySchemes)],
  },
  10,
);

const documentShape = message(
  {
    openapi: [1, text],
    info: [2, nested(() => info)],
    paths: [4, nested(() => paths)],
    components: [5, nested(() => components)],
  },
  9,
);
