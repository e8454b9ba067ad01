import { isCancellation } from "@temporalio/workflow";
import { isDrained } from "./drain.ts";

/**
 * Like `Promise.all`, but where an operator breaks the work off it ends with the last piece: a stop lets what is in hand end,
 * and a pause lets it put away what it has, so that nothing is paid for twice. Of a failure, nobody waits for the rest.
 */
export async function allAtRest<T>(pieces: readonly Promise<T>[]): Promise<T[]> {
	try {
		return await Promise.all(pieces);
	} catch (error) {
		if (isDrained(error) || isCancellation(error)) await Promise.allSettled(pieces);
		throw error;
	}
}
