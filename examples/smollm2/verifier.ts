import { type Constraint, check, wordsOf } from "./constraints.ts";

/** What the verifier knows of a prompt. */
export interface TaskMeta {
	readonly constraints: readonly Constraint[];
	/** Words of which one must occur, so that an answer about nothing does not win. */
	readonly about: readonly string[];
}

interface Judgement {
	/** 1 where every instruction is obeyed, and up to ½ more for the share of those that are. */
	readonly score: number;
	readonly correct: boolean;
	readonly reason: string;
}

/** An n-gram of words that occurs so often is a loop: the paper's automatic negative. */
const LOOP = { words: 4, times: 3 };

/** Judges one response by its prompt's constraints; responses of equal worth get equal scores and so tie. */
export function verify({ response, meta }: { prompt: string; response: string; meta: unknown }): Judgement {
	const { constraints, about } = meta as TaskMeta;
	const words = wordsOf(response.toLowerCase());
	if (words.length === 0) return { score: 0, correct: false, reason: "no answer" };
	const complaints = constraints.map((constraint) => check(constraint, response));
	if (!about.some((word) => words.includes(word))) complaints.push(`not about ${about[0]}`);
	else complaints.push(undefined);
	if (loops(words)) return { score: 0, correct: false, reason: "repeats itself" };
	const wrong = complaints.filter((complaint) => complaint !== undefined);
	const correct = wrong.length === 0;
	const share = 1 - wrong.length / complaints.length;
	return {
		score: (correct ? 1 : 0) + share / 2,
		correct,
		reason: correct ? "every instruction is obeyed" : wrong.join("; "),
	};
}

function loops(words: readonly string[]): boolean {
	const counts = new Map<string, number>();
	for (let i = 0; i + LOOP.words <= words.length; i++) {
		const key = words.slice(i, i + LOOP.words).join(" ");
		const count = (counts.get(key) ?? 0) + 1;
		if (count >= LOOP.times) return true;
		counts.set(key, count);
	}
	return false;
}
