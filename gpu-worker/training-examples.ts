import { readParts } from "../activities/oracle/candidates.ts";
import { readJsonLines } from "../activities/store/json-lines.ts";
import type { Store } from "../activities/store/store.ts";
import { pair } from "../core/records.ts";
import type { TrainingData } from "../core/steps.ts";
import type { PreferenceTokens, TrainingExamples } from "./engine.ts";

/** The tokens of a pair alone: the texts beside them are dropped line by line. */
const tokensOfPair = pair.transform(
	(p): PreferenceTokens => ({
		prompt: p.promptTokens,
		chosen: p.chosenTokens,
		rejected: p.rejectedTokens,
		winRates: { chosen: p.chosenWinRate, rejected: p.rejectedWinRate },
	}),
);

/** Reads what a loss is trained on, as token ids: all of it, since its order is drawn at random. */
export async function readTrainingExamples(store: Store, data: TrainingData): Promise<TrainingExamples> {
	if (data.loss === "sft") {
		const examples: { prompt: readonly number[]; response: readonly number[] }[] = [];
		for await (const groups of readParts(store, data.candidates)) {
			for (const { promptTokens, responses } of groups) {
				const gold = responses.find(({ source }) => source === "teacher");
				if (gold !== undefined) examples.push({ prompt: promptTokens, response: gold.tokens });
			}
		}
		return { loss: "sft", examples };
	}
	const examples = await readJsonLines(store, data.pairs, tokensOfPair);
	return data.loss === "kto" ? { loss: "kto", examples: labelled(examples) } : { loss: data.loss, examples };
}

/** KTO's unpaired labels from the same pairs: each distinct chosen answer desirable, each distinct rejected one not. */
function labelled(pairs: readonly PreferenceTokens[]) {
	const examples = pairs.flatMap(({ prompt, chosen, rejected }) => [
		{ prompt, response: chosen, desirable: true },
		{ prompt, response: rejected, desirable: false },
	]);
	const distinct = new Map(examples.map((e) => [`${e.prompt.join(" ")}|${e.response.join(" ")}|${e.desirable}`, e]));
	return [...distinct.values()];
}
