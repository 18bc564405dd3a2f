import { createHash } from 'node:crypto';
import type { Container } from '@coracle/apimachinery/types/core-v1';

/** Changes when the container has to be made anew: its name and its image, as upstream. */
export function containerHash({ name, image = '' }: Container): string {
  return createHash('sha256').update(`${name}\n${image}`).digest('hex').slice(0, 8);
}
