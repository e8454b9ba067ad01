import { answerText, compute, LARGEST, type Operator, type Step } from "./arithmetic.ts";
import { demonstrate } from "./demonstrator.ts";
import { hash, Prng } from "./prng.ts";
import { drawProblem } from "./problems.ts";

export interface Demonstration {
	readonly prompt: string;
	readonly response: string;
}

/** How many examples of each kind the initial policy learns from. */
export interface SftMix {
	/** Word problems of the sft split, answered by the fallible teacher. */
	readonly demonstrations: number;
	/** Single lines of arithmetic, always right. */
	readonly drills: number;
}

/** The data of the initial policy: demonstrations and drills, alternating as far as both last. */
export function sftData(seed: number, mix: SftMix): Demonstration[] {
	const random = new Prng(hash(`sft ${seed}`));
	const examples: Demonstration[] = [];
	const total = mix.demonstrations + mix.drills;
	let made = 0;
	for (let index = 0; index < total; index++) {
		if (Math.floor(((index + 1) * mix.demonstrations) / total) > made) {
			const problem = drawProblem(random, "sft");
			examples.push({ prompt: problem.prompt, response: demonstrate(problem, random) });
			made++;
		} else {
			examples.push(drill(random));
		}
	}
	return examples;
}

/** Lines a drill holds, as many as a word problem needs, so that both train the same positions. */
const LINES = 4;

/** Unrelated lines of arithmetic, e.g. `Compute 12*7 and 40/5.` */
function drill(random: Prng): Demonstration {
	const steps = Array.from({ length: LINES }, () => drawStep(random));
	const asked = steps.map(({ left, operator, right }) => `${left}${operator}${right}`);
	return {
		prompt: `Compute ${asked.slice(0, -1).join(", ")} and ${asked.at(-1)}.`,
		response: answerText(steps),
	};
}

/** Sums and differences over the whole range, products and quotients of the sizes that the word problems use. */
function drawStep(random: Prng): Step {
	for (;;) {
		const operator = random.pick(OPERATORS);
		const additive = operator === "+" || operator === "-";
		const right = random.integer(2, additive ? random.pick([40, LARGEST]) : 20);
		const left = random.integer(2, additive ? LARGEST : 40) * (operator === "/" ? right : 1);
		if (left > LARGEST) continue;
		const result = compute(left, operator, right);
		if (result !== undefined && result > 0) return { left, operator, right, result };
	}
}

const OPERATORS: readonly Operator[] = ["+", "+", "-", "-", "*", "/"];
