/** The largest integer that has a token. */
export const LARGEST = 120;

export type Operator = "+" | "-" | "*" | "/";

/** One line of working, e.g. 19-10=9. */
export interface Step {
	readonly left: number;
	readonly operator: Operator;
	readonly right: number;
	readonly result: number;
}

/**
 * A formula is a list of binary expressions such as `["p / 2", "$0 - a", "a * $1"]`: operands are literals, names of the
 * problem's numbers, or `$i`, the result of line i, so that a slip carries into the lines that use it.
 */
export type Formula = readonly string[];

export type Numbers = Readonly<Record<string, number>>;

/** The exact result, or undefined where it is no integer in 0..LARGEST and so could not be written down. */
export function compute(left: number, operator: Operator, right: number): number | undefined {
	const result =
		operator === "+" ? left + right : operator === "-" ? left - right : operator === "*" ? left * right : left / right;
	return Number.isInteger(result) && result >= 0 && result <= LARGEST ? result : undefined;
}

/**
 * Works a formula out line by line; undefined where a line cannot be written down.
 * @param slip changes the result of one line, as a demonstrator's mistake does
 */
export function work(
	formula: Formula,
	numbers: Numbers,
	slip?: { readonly line: number; readonly change: (step: Step) => number },
): Step[] | undefined {
	const steps: Step[] = [];
	for (const [line, expression] of formula.entries()) {
		const [left, operator, right] = expression.split(" ") as [string, Operator, string];
		const leftValue = operand(left, numbers, steps);
		const rightValue = operand(right, numbers, steps);
		const exact = compute(leftValue, operator, rightValue);
		if (exact === undefined) return undefined;
		let step: Step = { left: leftValue, operator, right: rightValue, result: exact };
		if (slip?.line === line) {
			const result = slip.change(step);
			if (!Number.isInteger(result) || result < 1 || result > LARGEST || result === exact) return undefined;
			step = { ...step, result };
		}
		steps.push(step);
	}
	return steps;
}

function operand(name: string, numbers: Numbers, steps: readonly Step[]): number {
	if (name.startsWith("$")) return steps[Number(name.slice(1))]!.result;
	return numbers[name] ?? Number(name);
}

export function stepText({ left, operator, right, result }: Step): string {
	return `${left}${operator}${right}=${result}`;
}

/** The answer as the policy is taught to write it: `38/2=19; 19-10=9; 10*9=90; #90`. */
export function answerText(steps: readonly Step[]): string {
	return `${steps.map(stepText).join("; ")}; #${steps.at(-1)!.result}`;
}
