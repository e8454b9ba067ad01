/** As many requests at a time as a bucket answers side by side without being asked to slow down. */
const WIDTH = 16;

/** Does something with each of many, several at a time; the results are in the order of the items. */
export async function inParallel<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
	const all = [...items];
	const results: R[] = [];
	let next = 0;
	const takeOver = async () => {
		while (next < all.length) {
			const index = next++;
			results[index] = await work(all[index]!);
		}
	};
	await Promise.all(Array.from({ length: Math.min(WIDTH, all.length) }, takeOver));
	return results;
}
