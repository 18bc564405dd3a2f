/** One condition of a field selector; an absent field has the empty value. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export type Fields = Readonly<Record<string, string>>;

/** All requirements hold. */
export class FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(fields: Fields): boolean {
    for (const { field, operator, value } of this.requirements) {
      const present = Object.hasOwn(fields, field) ? fields[field] : '';
      if ((present === value) !== (operator === '=')) return false;
    }
    return true;
  }

  /** The one value that a field must have, for look-ups in an index. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((requirement) => requirement.field === field && requirement.operator === '=')?.value;
  }

  /** The selector with each requirement mapped; undefined drops it. Errors of `change` pass through. */
  map(change: (requirement: FieldRequirement) => FieldRequirement | undefined): FieldSelector {
    const changed = this.requirements.map(change).filter((requirement) => requirement !== undefined);
    return changed.length === 0 ? everyField : new FieldSelector(changed);
  }

  /** The text form, which `parseFieldSelector` reads back. */
  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`)
      .join(',');
  }
}

export const everyField = new FieldSelector([]);

/** The selector of one field that equals one value. */
export function fieldEquals(field: string, value: string): FieldSelector {
  return new FieldSelector([{ field, operator: '=', value }]);
}

/** Escapes `\`, `,` and `=` for the text form. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

/**
 * Reads `metadata.name=a,status.phase!=Running`. Throws an Error with upstream's text
 * (apimachinery/pkg/fields.ParseSelector). Requirements are in the order of their text, as upstream sorts them.
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return everyField;
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term !== '') requirements.push(parseTerm(term, text));
  }
  return requirements.length === 0 ? everyField : new FieldSelector(requirements);
}

/** Splits at commas that are not escaped; escapes stay. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string, text: string): FieldRequirement {
  const match = /!=|==|=/.exec(term);
  if (match === null) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
  const value = unescapeFieldValue(term.slice(match.index + match[0].length));
  return { field: term.slice(0, match.index), operator: match[0] === '!=' ? '!=' : '=', value };
}

function unescapeFieldValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = '';
  const characters = [...text];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] as string;
    if (character === ',' || character === '=') {
      throw new Error(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    }
    if (character !== '\\') {
      value += character;
      continue;
    }
    const escaped = characters[++index] ?? '';
    if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
      throw new Error(`invalid field selector: invalid escape sequence: \\${escaped}`);
    }
    value += escaped;
  }
  return value;
}
