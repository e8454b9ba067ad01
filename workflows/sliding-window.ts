import { allAtRest } from "./at-rest.ts";

/** Where a window begins and ends, and how many pieces are in hand at a time. */
export interface Window {
	/** The first piece. */
	readonly from: number;
	/** Behind the last piece. */
	readonly until: number;
	readonly width: number;
	/** Asked before each piece but the first: whether to end sooner. */
	readonly isLong?: () => boolean;
}

/**
 * Does pieces of work in their order, at most `width` at a time: the next begins as soon as any ends, so that a slow one does
 * not hold the others up.
 *
 * @returns the first piece that was not begun; all before it are done
 */
export async function slidingWindow(
	{ from, until, width, isLong = () => false }: Window,
	work: (piece: number) => Promise<void>,
): Promise<number> {
	let next = from;
	const lane = async (): Promise<void> => {
		while (next < until && (next === from || !isLong())) await work(next++);
	};
	await allAtRest(Array.from({ length: Math.min(width, until - from) }, lane));
	return next;
}
