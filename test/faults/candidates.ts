import { createRandom, hashSeed, shuffle } from "../../core/random.ts";

/** One line of the file to judge, and what is true of it. */
export interface Case {
	readonly name: string;
	readonly prompt: string;
	readonly responses: readonly string[];
	/** Of each response; no two of a case are alike. */
	readonly qualities: readonly number[];
}

/** Far enough apart to be told from each other on a scale of six marks. */
const QUALITIES = [0, 0.25, 0.5, 0.75, 1];

/** So many cases with the markers that the fault server reads. */
export function makeCases(section: string, count: number, responses: number): Case[] {
	return Array.from({ length: count }, (_, i) => {
		const name = `${section}-${i}`;
		const qualities = shuffle(QUALITIES, createRandom(hashSeed(name))).slice(0, responses);
		return {
			name,
			prompt: `Explain step ${i} of the plan. case=${name}`,
			responses: qualities.map((quality, k) => `Answer ${k} of ${name} says quality=${quality} and no more.`),
			qualities,
		};
	});
}
