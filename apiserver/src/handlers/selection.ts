import { badRequest, quote, textOfError } from '@coracle/apimachinery/errors';
import {
  everyField,
  everyLabel,
  type FieldSelector,
  type LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '@coracle/apimachinery/selectors';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Selectable, Selection } from '../storage/object-store/object-store.ts';
import type { Call } from './call.ts';
import type { ListOptions } from './list-options.ts';

const nameField = 'metadata.name';
const namespaceField = 'metadata.namespace';

/** What a list, watch or deletecollection is about. Throws BadRequest for selectors that do not parse or name unknown fields. */
export function selectionOf(
  { context, resource }: Call,
  options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
): Selection {
  const { info } = context;
  const labels = labelSelectorOf(options.labelSelector);
  const fields = fieldSelectorOf(resource, options.fieldSelector);
  const namespace = resource.row.namespaced ? info.namespace || fields.exactValue(namespaceField) : undefined;
  const name = info.name || fields.exactValue(nameField);
  const rest = fields.map((requirement) => (isAnswered(requirement, name, namespace) ? undefined : requirement));
  const matches = predicate(labels, rest);
  const equals = rest.requirements.find(
    ({ field, operator }) => operator === '=' && field !== nameField && field !== namespaceField,
  );
  return {
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    ...(name === undefined || name === '' ? {} : { name }),
    ...(equals === undefined ? {} : { equals: { field: equals.field, value: equals.value } }),
    ...(matches === undefined ? {} : { matches }),
  };
}

export function labelSelectorOf(text: string): LabelSelector {
  if (text === '') return everyLabel;
  try {
    return parseLabelSelector(text);
  } catch (error) {
    throw badRequest(textOfError(error));
  }
}

function fieldSelectorOf(resource: ServedResource, text: string): FieldSelector {
  if (text === '') return everyField;
  let selector: FieldSelector;
  try {
    selector = parseFieldSelector(text);
  } catch (error) {
    throw badRequest(textOfError(error));
  }
  return selector.map((requirement) => ({ ...requirement, field: selectableField(resource, requirement.field) }));
}

function isAnswered(
  { field, operator, value }: { readonly field: string; readonly operator: string; readonly value: string },
  name: string | undefined,
  namespace: string | undefined,
): boolean {
  if (operator !== '=') return false;
  return (field === nameField && value === name) || (field === namespaceField && value === namespace);
}

/** The stored name of a field that a client may select by. Throws BadRequest for all others. */
function selectableField(resource: ServedResource, name: string): string {
  if (name === nameField || (name === namespaceField && resource.row.namespaced)) return name;
  const { strategy, row } = resource;
  const known =
    strategy.selectableField?.(name, row.version) ??
    (Object.hasOwn(fieldsOfNothing(resource), name) ? name : undefined);
  if (known !== undefined) return known;
  if (name === namespaceField) return name;
  if (strategy.unselectable !== undefined) throw badRequest(strategy.unselectable(name, row.version));
  if (strategy.fields !== undefined || resource.schema.builtin !== true)
    throw badRequest(`field label not supported: ${name}`);
  throw badRequest(`${quote(name)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

const knownFields = new WeakMap<ServedResource, Readonly<Record<string, string>>>();

function fieldsOfNothing(resource: ServedResource): Readonly<Record<string, string>> {
  let fields = knownFields.get(resource);
  if (fields === undefined) {
    fields = resource.strategy.fields?.({}) ?? {};
    knownFields.set(resource, fields);
  }
  return fields;
}

function predicate(labels: LabelSelector, fields: FieldSelector): ((stored: Selectable) => boolean) | undefined {
  if (labels.empty && fields.empty) return undefined;
  if (fields.empty) return (stored) => labels.matches(stored.labels);
  const { requirements } = fields;
  return (stored) => {
    for (const { field, operator, value } of requirements) {
      if ((fieldOf(stored, field) === value) !== (operator === '=')) return false;
    }
    return labels.empty || labels.matches(stored.labels);
  };
}

function fieldOf(stored: Selectable, field: string): string {
  if (field === nameField) return stored.name;
  if (field === namespaceField) return stored.namespace ?? '';
  return stored.fields[field] ?? '';
}
