import { answerText, compute, type Operator, type Step, work } from "./arithmetic.ts";
import type { Prng } from "./prng.ts";
import type { Problem } from "./problems.ts";

/** How often a demonstrator errs, as shares of its answers. */
export interface Fallibility {
	/** One line of an otherwise right working has a wrong result, which the lines after it use. */
	readonly slip: number;
	/** The working follows a formula that is confused with the right one. */
	readonly wrongFormula: number;
}

/** The teacher: the demonstrations, the gold answers and the fixed preference set all come from it. */
const TEACHER: Fallibility = { slip: 0.25, wrongFormula: 0.1 };

/** A human's slips: a carry that was dropped, one row off in the table, the wrong operation, two digits swapped. */
const SLIPS: readonly ((step: Step, random: Prng) => number)[] = [
	({ result }, random) => result + (random.chance(0.5) ? 10 : -10),
	({ operator, right, left, result }, random) => {
		if (operator !== "*") return result + (random.chance(0.5) ? 1 : -1);
		return result + random.pick([left, right, -left, -right]);
	},
	({ left, operator, right }) => compute(left, CONFUSED[operator], right) ?? Number.NaN,
	({ result }) => Number([...String(result)].reverse().join("")),
];

const CONFUSED: Readonly<Record<Operator, Operator>> = { "+": "-", "-": "+", "*": "+", "/": "-" };

/** One independent answer of a fallible demonstrator. */
export function demonstrate(problem: Problem, random: Prng, fallibility: Fallibility = TEACHER): string {
	const fate = random.next();
	if (fate < fallibility.wrongFormula) {
		const workings = problem.kind.wrong.map((formula) => work(formula, problem.numbers));
		const possible = workings.filter((steps) => steps?.every(({ result }) => result > 0));
		if (possible.length > 0) return answerText(random.pick(possible)!);
	}
	if (fate < fallibility.wrongFormula + fallibility.slip) {
		// Most slips lead to numbers that cannot be written down (half of an odd one, say): try until one can.
		for (let attempt = 0; attempt < 50; attempt++) {
			const slip = random.pick(SLIPS);
			const line = random.integer(0, problem.steps.length - 1);
			const steps = work(problem.kind.formula, problem.numbers, { line, change: (step) => slip(step, random) });
			if (steps?.every(({ result }) => result > 0)) return answerText(steps);
		}
	}
	return answerText(problem.steps);
}
