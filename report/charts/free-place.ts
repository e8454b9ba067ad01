export interface Spot {
	readonly x: number;
	readonly value: number;
}

/** How finely places are tried, and how finely the lines are looked at beneath each. */
const PLACES = 40;
const LOOKS = 9;

/**
 * Where a text `width` wide fits best at height `value`: the middle of the stretch that the lines keep farthest from.
 * Where no line has come yet, as while a campaign runs, is as free as can be.
 */
export function freestPlace(
	lines: readonly (readonly Spot[])[],
	value: number,
	[from, to]: readonly [number, number],
	width: number,
): number {
	const room = Math.max(0, to - from - width);
	const places = Array.from({ length: PLACES + 1 }, (_, i) => from + width / 2 + (room * i) / PLACES);
	const distances = places.map((place) =>
		Math.min(
			...Array.from({ length: LOOKS }, (_, i) => place + width * (i / (LOOKS - 1) - 0.5)).flatMap((x) =>
				lines.map((line) => distance(line, x, value)),
			),
		),
	);
	return places[distances.lastIndexOf(Math.max(...distances))] ?? (from + to) / 2;
}

function distance(line: readonly Spot[], x: number, value: number): number {
	const next = line.findIndex((spot) => spot.x >= x);
	if (next === -1) return Number.POSITIVE_INFINITY;
	const right = line[next]!;
	const left = line[next - 1] ?? right;
	const share = right.x === left.x ? 0 : (x - left.x) / (right.x - left.x);
	return Math.abs(left.value + share * (right.value - left.value) - value);
}
