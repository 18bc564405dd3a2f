/** `$(NAME)` becomes its value, `$$(NAME)` stays as `$(NAME)`, an unknown name stays as it is written (KEP-559's syntax). */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (reference, name: string | undefined) => {
    if (name === undefined) return '$';
    return valueOf(name) ?? reference;
  });
}
