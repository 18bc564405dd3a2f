import type { Operation, Parameter, PathItem } from './operation.ts';
import { answers, commonOf, schemaOf } from './print.ts';
import type { Json } from './schema-objects.ts';

/** A path of an OpenAPI 3.0 document. */
export function pathItemV3(item: PathItem, reference: (definition: string) => Json): Json {
  const operations = item.operations.map((operation) => [operation.method, operationV3(operation, reference)] as const);
  return {
    ...Object.fromEntries(operations),
    ...(item.parameters.length === 0 ? {} : { parameters: item.parameters.map(parameterV3) }),
  };
}

function operationV3(operation: Operation, reference: (definition: string) => Json): Json {
  const { body, response, parameters, consumes = [], produces = [] } = operation;
  const content = (types: readonly string[], schema: Json): Json =>
    Object.fromEntries(types.map((type) => [type, { schema }]));
  return {
    ...commonOf(operation),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterV3) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(consumes, reference(body.definition)),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: answers(operation, { content: content(produces, schemaOf(response, reference)) }),
  };
}

function parameterV3({ name, in: place, type, description }: Parameter): Json {
  return {
    name,
    in: place,
    ...(description === undefined ? {} : { description }),
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  };
}
