import { answerText } from "./arithmetic.ts";
import { demonstrate } from "./demonstrator.ts";
import { hash, Prng } from "./prng.ts";
import { drawProblems, metaOf, type Problem } from "./problems.ts";
import { verify } from "./verifier.ts";

/** Answers with a mistake in them: every one, so that few draws are thrown away. */
const MISTAKEN = { slip: 0.7, wrongFormula: 0.3 };

/** One line of a labelled set, as `dno judge check` reads it. */
interface LabelledAnswers {
	readonly prompt: string;
	readonly responses: readonly string[];
	/** The verifier's. */
	readonly scores: readonly number[];
}

/**
 * What a judge can be checked with: to each problem a right answer and one with a mistake, in words that any language model
 * reads, scored by the verifier. Which comes first and which is the wordy one is tossed for, so neither tells which is right.
 */
export function labelledAnswers(seed: number, count: number): LabelledAnswers[] {
	const random = new Prng(hash(`judge-labelled ${seed}`));
	return drawProblems(seed, "validation", count).map((problem) => {
		const answers = [answerText(problem.steps), mistaken(problem, random)];
		if (random.chance(0.5)) answers.reverse();
		const wordy = random.integer(0, 1);
		return {
			prompt: `${problem.prompt} Show each calculation.`,
			responses: answers.map((answer, i) => inWords(answer, i === wordy)),
			scores: answers.map((response) => score(problem, response)),
		};
	});
}

function mistaken(problem: Problem, random: Prng): string {
	for (;;) {
		const answer = demonstrate(problem, random, MISTAKEN);
		if (score(problem, answer) < 1) return answer;
	}
}

function score(problem: Problem, response: string): number {
	return verify({ prompt: problem.prompt, response, meta: metaOf(problem) }).score;
}

const IN_WORDS: Readonly<Record<string, (left: string, right: string) => string>> = {
	"+": (left, right) => `add ${left} and ${right}`,
	"-": (left, right) => `subtract ${right} from ${left}`,
	"*": (left, right) => `multiply ${left} by ${right}`,
	"/": (left, right) => `divide ${left} by ${right}`,
};

/** `38/2=19; 19-10=9; #9` as somebody would write it who does not know the policy's notation. */
function inWords(answer: string, isWordy: boolean): string {
	const steps = [...answer.matchAll(/(\d+)([-+*/])(\d+)=(\d+)/g)];
	const final = answer.slice(answer.indexOf("#") + 1);
	if (!isWordy) {
		const lines = steps.map(([, left, operator, right, result]) => `${left} ${operator} ${right} = ${result}`);
		return `${lines.join(", ")}. The answer is ${final}.`;
	}
	const sentences = steps.map(
		([, left, operator, right, result], i) =>
			`${i === 0 ? "First I" : "Then I"} ${IN_WORDS[operator!]!(left!, right!)}, which gives ${result}.`,
	);
	return `${sentences.join(" ")} So the answer to the question is ${final}.`;
}
