import { isStatus } from '@coracle/apimachinery/errors';

/** What the server found wrong with a request: `field: message` of every cause. */
export async function causesOf(attempt: Promise<unknown>): Promise<readonly string[]> {
  try {
    await attempt;
  } catch (error) {
    if (!isStatus(error)) throw error;
    return (error.status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
  throw new Error('the request was not refused');
}
