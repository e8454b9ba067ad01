/** One row of two texts laid side by side; the missing side of an inserted or deleted part is undefined. */
export interface AlignedPart {
	readonly before: string | undefined;
	readonly after: string | undefined;
	readonly isSame: boolean;
}

export interface TextDiff {
	/** Steps of a worked answer (`38/2=19; 19-10=9; #90`), or words of any other text. */
	readonly unit: "step" | "word";
	readonly parts: readonly AlignedPart[];
	/** Index of the first part that differs; -1 where none does. */
	readonly firstDifference: number;
}

/** Longest texts that are aligned, in parts: the table grows with the square. */
const MAX_PARTS = 400;

/** Aligns two answers by steps where one of them has steps, by words otherwise. */
export function diffTexts(before: string, after: string): TextDiff {
	const unit = before.includes(";") || after.includes(";") ? "step" : "word";
	const split = unit === "step" ? splitSteps : splitWords;
	const parts = align(split(before), split(after));
	return { unit, parts, firstDifference: parts.findIndex((part) => !part.isSame) };
}

/** `a; b;` as `a` and `b`: a step is what stands between semicolons, its inner spaces evened out. */
function splitSteps(text: string): readonly string[] {
	return text
		.split(";")
		.map((step) => step.trim().replace(/\s+/g, " "))
		.filter((step) => step !== "");
}

function splitWords(text: string): readonly string[] {
	return text.split(/\s+/).filter((word) => word !== "");
}

/**
 * The alignment with the fewest differing rows (edit distance, where a changed part costs as much as a missing one).
 * What both texts begin and end with is taken off first.
 */
export function align(before: readonly string[], after: readonly string[]): readonly AlignedPart[] {
	const shorter = Math.min(before.length, after.length);
	let head = 0;
	while (head < shorter && before[head] === after[head]) head++;
	let tail = 0;
	while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
	const same = (part: string): AlignedPart => ({ before: part, after: part, isSame: true });
	return [
		...before.slice(0, head).map(same),
		...alignMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
		...before.slice(before.length - tail).map(same),
	];
}

function alignMiddle(before: readonly string[], after: readonly string[]): readonly AlignedPart[] {
	if (before.length > MAX_PARTS || after.length > MAX_PARTS) return rowByRow(before, after);
	const costs = editCosts(before, after);
	const parts: AlignedPart[] = [];
	let i = 0;
	let j = 0;
	while (i < before.length || j < after.length) {
		const cost = costs[i]![j]!;
		const isSame = i < before.length && before[i] === after[j];
		if (i < before.length && j < after.length && cost === costs[i + 1]![j + 1]! + (isSame ? 0 : 1)) {
			parts.push({ before: before[i++], after: after[j++], isSame });
		} else if (i < before.length && cost === costs[i + 1]![j]! + 1) {
			parts.push({ before: before[i++], after: undefined, isSame: false });
		} else {
			parts.push({ before: undefined, after: after[j++], isSame: false });
		}
	}
	return parts;
}

/** `costs[i][j]`: differing rows that `before` from i on and `after` from j on need at least. */
function editCosts(before: readonly string[], after: readonly string[]): readonly (readonly number[])[] {
	const costs = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
	for (let i = before.length; i >= 0; i--) {
		for (let j = after.length; j >= 0; j--) {
			if (i === before.length || j === after.length) {
				costs[i]![j] = before.length - i + after.length - j;
				continue;
			}
			const change = costs[i + 1]![j + 1]! + (before[i] === after[j] ? 0 : 1);
			costs[i]![j] = Math.min(change, costs[i + 1]![j]! + 1, costs[i]![j + 1]! + 1);
		}
	}
	return costs;
}

function rowByRow(before: readonly string[], after: readonly string[]): readonly AlignedPart[] {
	return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => ({
		before: before[i],
		after: after[i],
		isSame: before[i] === after[i],
	}));
}
