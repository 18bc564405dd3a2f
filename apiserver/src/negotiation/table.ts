import { badRequest } from '@coracle/apimachinery/errors';
import type { KubernetesObject, ListMeta } from '@coracle/apimachinery/meta';
import { metadataAlone, type ServedResource } from '../registry/served-resource.ts';
import type { TableColumn, TableRow, TableStrategy } from '../registry/strategy.ts';

/** `metav1.Table` on the wire: what `kubectl get` prints. */
export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  readonly columnDefinitions: readonly TableColumn[] | null;
  readonly rows:
    | null
    | readonly {
        readonly cells: readonly unknown[];
        readonly conditions?: TableRow['conditions'];
        readonly object?: KubernetesObject;
      }[];
}

export interface TableRequest {
  /** Of the group `meta.k8s.io`. */
  readonly version: string;
  /** What goes along with each row. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Milliseconds since 1970, for ages. */
  readonly now: number;
  /** Left out of every event of a watch but the first. */
  readonly headers: boolean;
}

/** Reads `?includeObject=`. Throws BadRequest for a value upstream does not know. */
export function includeObjectOf(query: URLSearchParams): TableRequest['includeObject'] {
  const text = query.get('includeObject') ?? '';
  if (text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** Rows of objects in storage version. */
export function tableOf(
  resource: ServedResource,
  objects: readonly KubernetesObject[],
  metadata: ListMeta,
  request: TableRequest,
): Table {
  const table = resource.strategy.table ?? plainTable;
  const apiVersion = `meta.k8s.io/${request.version}`;
  return {
    kind: 'Table',
    apiVersion,
    metadata,
    columnDefinitions: request.headers ? table.columns : null,
    rows: rowsOf(resource, table, objects, request, apiVersion),
  };
}

function rowsOf(
  resource: ServedResource,
  table: TableStrategy,
  objects: readonly KubernetesObject[],
  request: TableRequest,
  apiVersion: string,
): Table['rows'] {
  // Upstream's table of a kind without columns of its own begins without rows.
  if (objects.length === 0 && table === plainTable) return null;
  return objects.map((object) => {
    const row = table.row(object, request.now);
    const cells = isRow(row) ? row.cells : row;
    const conditions = isRow(row) ? row.conditions : undefined;
    return {
      cells,
      ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
      ...rowObject(resource, object, request, apiVersion),
    };
  });
}

function isRow(row: TableRow | readonly unknown[]): row is TableRow {
  return !Array.isArray(row);
}

function rowObject(
  resource: ServedResource,
  object: KubernetesObject,
  request: TableRequest,
  apiVersion: string,
): { object?: KubernetesObject } {
  if (request.includeObject === 'None') return {};
  if (request.includeObject === 'Object') return { object: resource.fromStorage(object) };
  return { object: { kind: 'PartialObjectMetadata', apiVersion, metadata: metadataAlone(resource, object) ?? {} } };
}

/** Kinds that say nothing of columns show a name and when they were made. */
const plainTable: TableStrategy = {
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name of the object', priority: 0 },
    { name: 'Created At', type: 'date', format: '', description: 'Time the object was created', priority: 0 },
  ],
  row: (object) => [object.metadata?.name ?? '', object.metadata?.creationTimestamp ?? null],
};
