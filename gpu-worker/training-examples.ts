import { readCandidates } from "../activities/oracle/candidates.ts";
import { readJsonLines } from "../activities/store/json-lines.ts";
import type { Store } from "../activities/store/store.ts";
import { type Pair, pair } from "../core/records.ts";
import type { TrainingData } from "../core/steps.ts";
import type { TrainingExamples } from "./engine.ts";

/** Reads what a loss is trained on, as token ids. */
export async function readTrainingExamples(store: Store, data: TrainingData): Promise<TrainingExamples> {
	if (data.loss === "sft") {
		const groups = await readCandidates(store, data.candidates);
		const examples = groups.flatMap(({ promptTokens, responses }) =>
			responses
				.filter((r) => r.source === "teacher")
				.slice(0, 1)
				.map((r) => ({ prompt: promptTokens, response: r.tokens })),
		);
		return { loss: "sft", examples };
	}
	const pairs = await readJsonLines(store, data.pairs, pair);
	if (data.loss === "kto") return { loss: "kto", examples: labelled(pairs) };
	const examples = pairs.map((p) => ({
		prompt: p.promptTokens,
		chosen: p.chosenTokens,
		rejected: p.rejectedTokens,
		winRates: { chosen: p.chosenWinRate, rejected: p.rejectedWinRate },
	}));
	return { loss: data.loss, examples };
}

/** KTO's unpaired labels from the same pairs: each distinct chosen answer desirable, each distinct rejected one not. */
function labelled(pairs: readonly Pair[]) {
	const examples = pairs.flatMap((p) => [
		{ prompt: p.promptTokens, response: p.chosenTokens, desirable: true },
		{ prompt: p.promptTokens, response: p.rejectedTokens, desirable: false },
	]);
	const distinct = new Map(examples.map((e) => [`${e.prompt.join(" ")}|${e.response.join(" ")}|${e.desirable}`, e]));
	return [...distinct.values()];
}
