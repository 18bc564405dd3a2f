import type { Operation, Parameter, PathItem } from './operation.ts';
import { answers, commonOf, schemaOf } from './print.ts';
import type { Json } from './schema-objects.ts';
import type { SharedParameters } from './shared-parameters.ts';

/** A path of a swagger 2.0 document. */
export function pathItemV2(item: PathItem, reference: (definition: string) => Json, shared: SharedParameters): Json {
  const operations = item.operations.map(
    (operation) => [operation.method, operationV2(operation, reference, shared)] as const,
  );
  const parameters = item.parameters.map((parameter) => shared.reference(parameterV2(parameter)));
  return { ...Object.fromEntries(operations), ...(parameters.length === 0 ? {} : { parameters }) };
}

function operationV2(operation: Operation, reference: (definition: string) => Json, shared: SharedParameters): Json {
  const { body, response, consumes, produces } = operation;
  const bodies: Json[] =
    body === undefined
      ? []
      : [
          {
            name: 'body',
            in: 'body',
            ...(body.required ? { required: true } : {}),
            schema: reference(body.definition),
          },
        ];
  // Sorted by name, as the others are already: `allowWatchBookmarks` comes before `body`.
  const parameters = [...bodies, ...operation.parameters.map(parameterV2)].sort((a, b) =>
    String(a['name']) < String(b['name']) ? -1 : 1,
  );
  return {
    ...commonOf(operation),
    ...(consumes === undefined ? {} : { consumes }),
    ...(produces === undefined ? {} : { produces }),
    schemes: ['https'],
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => shared.reference(parameter)) }),
    responses: answers(operation, { schema: schemaOf(response, reference) }),
  };
}

function parameterV2({ name, in: place, type, description }: Parameter): Json {
  return {
    name,
    in: place,
    ...(description === undefined ? {} : { description }),
    type,
    uniqueItems: true,
    ...(place === 'path' ? { required: true } : {}),
  };
}
