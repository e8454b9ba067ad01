/**
 * Keeps what is read again and again: the results used last, by key.
 *
 * @param size how many are kept; the one that nobody has asked for the longest goes first
 * @returns what is kept under a key, or made now. Failures are not kept, so the next who asks tries again.
 */
export function keepRecentlyUsed<T>(size: number): (key: string, make: () => Promise<T>) => Promise<T> {
	const kept = new Map<string, Promise<T>>();
	return (key, make) => {
		const found = kept.get(key) ?? make();
		kept.delete(key);
		kept.set(key, found);
		found.catch(() => kept.delete(key));
		if (kept.size > size) kept.delete(kept.keys().next().value!);
		return found;
	};
}
