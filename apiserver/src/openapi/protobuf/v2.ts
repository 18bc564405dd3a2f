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

/** A swagger document as a message of gnostic's `openapi.v2.Document` (gnostic-models `openapiv2/OpenAPIv2.proto`). */
export function encodeV2(document: object): Uint8Array {
  return encode(documentShape, document);
}

/** A choice of which only the first is ever made. */
function inFirst(field: FieldShape): Shape {
  return (writer, value) => field(writer, 1, value);
}

const reference = message({ $ref: [1, text], description: [2, text] });
const stringArray: Shape = (writer, value) => texts(writer, 1, value);
const typeItem: Shape = (writer, value) => texts(writer, 1, Array.isArray(value) ? value : [value]);
const schemas = nested(() => schema);
const schemaLists = list(schemas);
const itemsItem: Shape = (writer, value) => schemaLists(writer, 1, Array.isArray(value) ? value : [value]);
const additionalProperties = choice((value) => (typeof value === 'boolean' ? [2, choices.flag] : [1, schemas]));
const namedSchemas = map(schemas);

const schema: Shape = message(
  {
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, any],
    multipleOf: [6, double],
    maximum: [7, double],
    exclusiveMaximum: [8, flag],
    minimum: [9, double],
    exclusiveMinimum: [10, flag],
    maxLength: [11, integer],
    minLength: [12, integer],
    pattern: [13, text],
    maxItems: [14, integer],
    minItems: [15, integer],
    uniqueItems: [16, flag],
    maxProperties: [17, integer],
    minProperties: [18, integer],
    required: [19, texts],
    enum: [20, anys],
    additionalProperties: [21, nested(() => additionalProperties)],
    type: [22, nested(() => typeItem)],
    items: [23, nested(() => itemsItem)],
    allOf: [24, schemaLists],
    properties: [25, nested(() => namedSchemas)],
  },
  31,
);

const bodyParameter = message({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, schemas],
});
const queryParameter = message({
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [6, text],
  uniqueItems: [20, flag],
});
const pathParameter = message({
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5, text],
  uniqueItems: [19, flag],
});
const placeOf = (value: unknown) => (value as { readonly in: string }).in;
const [inBody, inPath, inQuery] = [bodyParameter, pathParameter, queryParameter].map((shape) =>
  nested(() => shape),
) as [FieldShape, FieldShape, FieldShape];
const otherParameter = choice((value) => (placeOf(value) === 'path' ? [4, inPath] : [3, inQuery]));
const others = nested(() => otherParameter);
const parameter = choice((value) => (placeOf(value) === 'body' ? [1, inBody] : [2, others]));
const [ownParameter, references] = [nested(() => parameter), nested(() => reference)];
const parametersItem = choice((value) => (isReference(value) ? [2, references] : [1, ownParameter]));
const parameters = list(nested(() => parametersItem));

const schemaItem = inFirst(schemas);
const response = message({ description: [1, text], schema: [2, nested(() => schemaItem)] }, 5);
const responseValue = inFirst(nested(() => response));
const responses = map(nested(() => responseValue));

const operation = message(
  {
    tags: [1, texts],
    description: [3, text],
    operationId: [5, text],
    produces: [6, texts],
    consumes: [7, texts],
    parameters: [8, parameters],
    responses: [9, nested(() => responses)],
    schemes: [10, texts],
  },
  13,
);
const operations = nested(() => operation);
const pathItem = message(
  {
    get: [2, operations],
    put: [3, operations],
    post: [4, operations],
    delete: [5, operations],
    options: [6, operations],
    head: [7, operations],
    patch: [8, operations],
    parameters: [9, parameters],
  },
  10,
);
const items = pairs(
  nested(() => pathItem),
  (name) => !isExtension(name),
);
const paths: Shape = (writer, value) => items(writer, 2, value);

const info = message({ title: [1, text], version: [2, text], description: [3, text] }, 7);
const apiKey = message({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }, 5);
const apiKeys = nested(() => apiKey);
const securityItem: Shape = (writer, value) => apiKeys(writer, 2, value);
const securityRequirement = map(nested(() => stringArray));

const namedParameters = map(ownParameter);
const securityDefinitions = map(nested(() => securityItem));

const documentShape = message(
  {
    swagger: [1, text],
    info: [2, nested(() => info)],
    paths: [8, nested(() => paths)],
    definitions: [9, nested(() => namedSchemas)],
    parameters: [10, nested(() => namedParameters)],
    security: [12, list(nested(() => securityRequirement))],
    securityDefinitions: [13, nested(() => securityDefinitions)],
  },
  16,
);
