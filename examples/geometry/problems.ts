import { LARGEST, type Numbers, type Step, stepText, work } from "./arithmetic.ts";
import { hash, Prng } from "./prng.ts";
import { KINDS, type Kind } from "./shapes.ts";

export interface Problem {
	readonly kind: Kind;
	/** What makes the figure. */
	readonly measures: Numbers;
	/** The measures and what is derived from them, by the names that prompts and formulas use. */
	readonly numbers: Numbers;
	readonly prompt: string;
	/** The right working; the last result is the answer. */
	readonly steps: readonly Step[];
}

/** What the verifier needs to know of a problem. */
export interface ProblemMeta {
	readonly kind: string;
	readonly answer: number;
	readonly steps: readonly string[];
}

export type Split = "sft" | "train" | "validation" | "held-out";

/** Shares of the figures, in the order in which they are handed out. */
const SHARES: readonly (readonly [Split, number])[] = [
	["held-out", 0.12],
	["validation", 0.08],
	["train", 0.3],
	["sft", 0.5],
];

/** What makes two figures the same: a rectangle of 5 by 7 is one of 7 by 5, whatever is asked about it. */
export function figureKey(kind: Kind, measures: Numbers): string {
	return `${kind.shape} ${Object.values(measures)
		.sort((one, other) => one - other)
		.join(" ")}`;
}

/** The split is a function of the figure, so no split can hold a figure of another. */
function splitOf(key: string): Split {
	let rest = hash(key) / 0x1_0000_0000;
	for (const [split, share] of SHARES) {
		if (rest < share) return split;
		rest -= share;
	}
	return "sft";
}

/** Draws one problem of a split; draws whose numbers have no token are thrown away. */
export function drawProblem(random: Prng, split: Split): Problem {
	for (;;) {
		const kind = random.pick(KINDS);
		// A kind whose first draw is refused is drawn again rather than replaced, so that all kinds are equally frequent.
		for (let attempt = 0; attempt < 1000; attempt++) {
			const measures = kind.draw(random);
			if (splitOf(figureKey(kind, measures)) !== split) continue;
			const numbers = { ...measures, ...kind.derive?.(measures) };
			if (Object.values(numbers).some((value) => !Number.isInteger(value) || value > LARGEST)) continue;
			const steps = work(kind.formula, numbers);
			if (!steps || steps.some(({ result }) => result < 1)) continue;
			const prompt = random.pick(kind.prompts).replace(/\{(\w+)\}/g, (_, name: string) => String(numbers[name]));
			return { kind, measures, numbers, prompt, steps };
		}
	}
}

/** Draws `count` problems of a split, no prompt twice. */
export function drawProblems(seed: number, split: Split, count: number): Problem[] {
	const random = new Prng(hash(`${split} ${seed}`));
	const seen = new Set<string>();
	const problems: Problem[] = [];
	while (problems.length < count) {
		const problem = drawProblem(random, split);
		if (seen.has(problem.prompt)) continue;
		seen.add(problem.prompt);
		problems.push(problem);
	}
	return problems;
}

export function metaOf({ kind, steps }: Problem): ProblemMeta {
	return { kind: kind.name, answer: steps.at(-1)!.result, steps: steps.map(stepText) };
}
