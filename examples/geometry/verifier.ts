import type { ProblemMeta } from "./problems.ts";

export interface Judgement {
	/** Higher is preferred: 1 for a right final answer, and up to ½ more for the share of right steps. */
	readonly score: number;
	readonly correct: boolean;
	/** Names the first wrong step. */
	readonly reason: string;
}

const STEP = /^(\d+)([-+*/])(\d+)=(\d+)$/;

/** Judges one response against the right working; responses of equal worth get equal scores and so tie. */
export function verify({ response, meta }: { prompt: string; response: string; meta: unknown }): Judgement {
	const { answer, steps } = meta as ProblemMeta;
	const parts = response
		.replace(/\s+/g, "")
		.split(";")
		.filter((part) => part !== "");
	const final = parts.findIndex((part) => part.startsWith("#"));
	const correct = final >= 0 && final === parts.length - 1 && parts[final] === `#${answer}`;
	const written = final < 0 ? parts : parts.slice(0, final);

	const expected = steps.map(canonical);
	const open = [...expected];
	let right = 0;
	let reason = "";
	for (const [index, step] of written.entries()) {
		const at = open.indexOf(canonical(step));
		if (at >= 0) {
			open.splice(at, 1);
			right++;
		} else if (reason === "") {
			reason = `step ${index + 1}: ${complaint(step, steps[index])}`;
		}
	}
	const share = right / Math.max(expected.length, written.length);
	if (reason === "" && open.length > 0)
		reason = `step ${written.length + 1} is missing: ${steps[expected.indexOf(open[0]!)]}`;
	if (!correct) {
		const last = final === parts.length - 1;
		const said =
			final < 0
				? "no final answer"
				: last
					? `final answer ${parts[final]} should be #${answer}`
					: "text after the final answer";
		reason = reason === "" ? said : `${reason}; ${said}`;
	}
	return { score: (correct ? 1 : 0) + share / 2, correct, reason: reason === "" ? "all steps right" : reason };
}

/** The same text for a+b=c and b+a=c: the order of a sum or a product is no mistake. */
function canonical(step: string): string {
	const [, left, operator, right, result] = STEP.exec(step) ?? [];
	if (operator !== "+" && operator !== "*") return step;
	return Number(left) <= Number(right) ? step : `${right}${operator}${left}=${result}`;
}

function complaint(step: string, due: string | undefined): string {
	const [, left, operator, right, result] = STEP.exec(step) ?? [];
	if (operator === undefined) return `${step} is not a step`;
	const [a, b] = [Number(left), Number(right)];
	const exact = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : a / b;
	if (exact !== Number(result)) return `${step} should be ${Number.isInteger(exact) ? exact : exact.toFixed(2)}`;
	return due === undefined ? `${step} is one too many` : `${step} where ${due} was due`;
}
