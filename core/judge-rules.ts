import type { z } from "zod";

/** Terms of batches where the config names none. */
export const BATCH_DEFAULTS = { priceFactor: 0.5, pollSeconds: 60, maxCalls: 1_000 };
/** How replies are asked for where the config does not say it. */
export const REPLY_FORMAT_DEFAULT = "json-schema";

/** Fields of a request that the config sets by keys of its own, which other things depend on: what to do instead. */
const OWN_FIELDS: Readonly<Record<string, string>> = {
	model: "Set model instead",
	messages: "Set rubric, a file with the instructions, instead",
	temperature: "Set temperature instead",
	max_tokens: "Set maxTokens instead: money is reserved by it, and it is sent under the name that the server knows",
	max_completion_tokens:
		"Set maxTokens instead: money is reserved by it, and it is sent under the name that the server knows",
	n: "Set votes instead",
	stream: "Delete it: replies are read when they are whole",
	response_format: "Set replyFormat instead",
	logprobs: "Set read: log-probabilities instead",
	top_logprobs: "Set read: log-probabilities instead",
};

/** What a panel is called in verdicts; its calls carry the names of its judges. */
export const PANEL = "panel";

/** What the rules look at, of a judge of any kind. */
interface Judge {
	readonly kind: "listwise" | "pairwise" | "score";
	readonly name?: string | undefined;
	readonly model: string;
	readonly temperature: number | null;
	readonly votes: number;
	readonly parameters: Readonly<Record<string, unknown>>;
	readonly replyFormat: string;
	readonly tokensPerMinute?: number | undefined;
	readonly mode: "calls" | "batch";
	readonly batch: typeof BATCH_DEFAULTS;
	readonly read?: string | undefined;
	readonly schedule?: string | undefined;
	readonly rounds?: number | undefined;
}

/**
 * What a judge's settings may not be together. Whatever would do nothing is refused; a default that is written out is not
 * told from one that is left out.
 */
export function judgeRules(judge: Judge, context: z.RefinementCtx): void {
	const { votes, parameters, replyFormat, tokensPerMinute, mode, batch, read, schedule, rounds } = judge;
	const refuse = refuserOf(context);
	for (const field of Object.keys(parameters)) {
		const mend = OWN_FIELDS[field];
		if (mend !== undefined) refuse(["parameters", field], "has a setting of its own", mend);
	}
	const again = sameAgain(judge);
	if (votes > 1 && again !== undefined) {
		const what = `would have the judge ${judge.name ?? judge.model} say the same thing ${votes} times, ${again.where}`;
		refuse(["votes"], what, again.mend);
	}
	if (rounds !== undefined && schedule !== "swiss") {
		refuse(["rounds"], `does nothing with schedule: ${schedule}`, "Set schedule: swiss, or delete rounds");
	}
	if (read === "log-probabilities" && replyFormat !== REPLY_FORMAT_DEFAULT) {
		const mend = "Delete replyFormat, or set read: text";
		refuse(["replyFormat"], "does nothing with read: log-probabilities, where the reply is one letter", mend);
	}
	if (mode === "calls") {
		for (const key of Object.keys(BATCH_DEFAULTS) as (keyof typeof BATCH_DEFAULTS)[]) {
			if (batch[key] === BATCH_DEFAULTS[key]) continue;
			refuse(["batch", key], "does nothing with mode: calls", "Set mode: batch, or delete batch");
		}
	} else if (tokensPerMinute !== undefined) {
		const mend = "Delete tokensPerMinute, or set mode: calls";
		refuse(["tokensPerMinute"], "does nothing with mode: batch, whose pace is the server's", mend);
	}
}

/** Why a judge answers a question that it is asked twice with the same words; undefined where it need not. */
function sameAgain({
	kind,
	temperature,
	parameters,
	read,
}: Judge): { readonly where: string; readonly mend: string } | undefined {
	// What is read then is what its words are drawn from.
	if (read === "log-probabilities")
		return { where: "with read: log-probabilities", mend: "Set votes to 1, or read: text" };
	if (temperature === 0) return { where: "at temperature 0", mend: "Set a temperature above 0, or votes to 1" };
	// A list comes in another order with each vote.
	if (kind === "listwise" || !Object.hasOwn(parameters, "seed")) return undefined;
	return { where: "with the same seed", mend: "Delete parameters.seed, or set votes to 1" };
}

/** What a panel's judges may not be together: verdicts, costs and queues tell them by their names. */
export function panelRules({ judges }: { readonly judges: readonly Judge[] }, context: z.RefinementCtx): void {
	const names = judges.map(({ name, model }) => name ?? model);
	const refuse = refuserOf(context);
	for (const [i, { name }] of judges.entries()) {
		const path = ["judges", i, name === undefined ? "model" : "name"];
		if (names.indexOf(names[i]!) !== i)
			refuse(path, `makes a second judge named ${names[i]}`, "Give each judge a `name` of its own");
		else if (names[i] === PANEL)
			refuse(path, "is what the panel as a whole is called in verdicts and reports", "Give the judge another `name`");
	}
}

/** An issue's message goes on from its key; `mend` says what to do about it. */
function refuserOf(context: z.RefinementCtx) {
	return (path: (string | number)[], message: string, mend: string): void =>
		context.addIssue({ code: "custom", path, message, params: { mend } });
}
