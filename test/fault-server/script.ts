import { createRandom, hashSeed } from "../../core/random.ts";
import { ALL_FAULTS, consequence, type FaultName, isPaid, type Step } from "./faults.ts";

export interface ScriptOptions {
	readonly seed: number;
	/** Share of the calls that meet a fault. */
	readonly rate: number;
	/** Calls that a judgment may take. */
	readonly maxAttempts: number;
	/** What may happen; by default everything. */
	readonly faults?: readonly FaultName[];
	/** Share of the questions that get 503 however often they are asked. */
	readonly outages?: number;
}

/** What a question must come to, by the script alone. */
export interface Expectation {
	readonly state: "judged" | "invalid" | "unjudged";
	/** Calls until then. */
	readonly calls: number;
	/** Calls that give no verdict; but for the last one of a question that ends without, another call follows them. */
	readonly failures: number;
	/** Calls that the provider charges for. */
	readonly paid: number;
	/** Those of them whose reply does not arrive. */
	readonly lost: number;
}

/** What happens to every call, settled beforehand: a function of the seed, the question and the number of the call. */
export interface Script {
	/** Call by call. Further calls meet the last step again, so that asking too often cannot change a question's end. */
	plan(identity: string): readonly Step[];
	expectation(identity: string): Expectation;
}

export function createScript(options: ScriptOptions): Script {
	const plan = (identity: string) => planOf(identity, options);
	return { plan, expectation: (identity) => expectationOf(plan(identity)) };
}

/** A script without faults. */
export const NO_FAULTS: Script = createScript({ seed: 0, rate: 0, maxAttempts: 1 });

/** Exactly these steps for every question, for tests of one fault. */
export function alwaysScript(...steps: readonly [Step, ...Step[]]): Script {
	return { plan: () => steps, expectation: () => expectationOf(steps) };
}

function planOf(identity: string, options: ScriptOptions): Step[] {
	const { seed, rate, maxAttempts, faults = ALL_FAULTS, outages = 0 } = options;
	const random = createRandom(hashSeed(seed, identity));
	if (random() < outages) return Array.from({ length: maxAttempts }, () => "unavailable");
	const steps: Step[] = [];
	let isRepairing = false;
	for (;;) {
		// The last call that is allowed answers: what becomes of an unreadable reply there is no matter of the server.
		const isLast = steps.length >= maxAttempts - 1;
		const isFault = random() < rate && !isLast;
		const step: Step = isFault ? faults[Math.floor(random() * faults.length)]! : "answer";
		steps.push(step);
		const leadsTo = consequence(step);
		if (leadsTo === "retry") continue;
		if (leadsTo !== "repair" || isRepairing) return steps;
		isRepairing = true;
	}
}

function expectationOf(steps: readonly Step[]): Expectation {
	const last = consequence(steps.at(-1)!);
	return {
		state: last === "retry" ? "unjudged" : last === "repair" ? "invalid" : last,
		calls: steps.length,
		failures: steps.filter((step) => consequence(step) !== "judged").length,
		paid: steps.filter(isPaid).length,
		lost: steps.filter((step) => isPaid(step) && consequence(step) === "retry").length,
	};
}
