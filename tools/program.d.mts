export function programEntry(root: string, say: (problem: string) => void): Promise<string>;
