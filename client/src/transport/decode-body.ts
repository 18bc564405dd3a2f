/** JSON where it says so, the text itself otherwise: `/healthz` and metrics answer in plain words. */
export function decodeBody(text: string, headers: Readonly<Record<string, string | string[] | undefined>>): unknown {
  const type = String(headers['content-type'] ?? '');
  if (text === '') return undefined;
  if (type.includes('json') || (type === '' && text.startsWith('{'))) return JSON.parse(text);
  return text;
}
