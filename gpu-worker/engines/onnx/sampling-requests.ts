import { DnoError } from "../../../core/errors.ts";
import type { SampleRequest, SamplingSettings } from "../../engine.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { ScoreKind } from "./decoding-session.ts";

/** @throws DnoError naming the setting, or the prompt, that makes no sense */
export function checkRequests(
	{ vocabSize, maxPositions }: LlamaConfig,
	requests: readonly SampleRequest[],
	settings: SamplingSettings,
): void {
	checkSettings(settings);
	requests.forEach(({ promptTokens }, i) => {
		const where = `prompt ${i}`;
		if (promptTokens.length === 0) throw new DnoError({ what: "the prompt has no tokens", where });
		const unknown = promptTokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
		if (unknown !== undefined)
			throw new DnoError({ what: "the prompt has a token outside the vocabulary", where, got: unknown });
		const got = promptTokens.length + settings.maxTokens;
		if (got <= maxPositions) return;
		const what = `prompt and response do not fit the model's ${maxPositions} positions`;
		throw new DnoError({ what, where, got, mend: "Shorten the prompt or lower maxTokens" });
	});
}

function checkSettings(settings: SamplingSettings): void {
	const { temperature, topP, topK = 1, minP = 0, maxTokens, repetitionPenalty = 1, stop = [], repetition } = settings;
	const isWhole = (number: number, least: number) => Number.isInteger(number) && number >= least;
	const need = (isMet: boolean, what: string, got: unknown) => {
		if (!isMet) throw new DnoError({ what, where: "sampling settings", got });
	};
	need(temperature >= 0 && temperature < Number.POSITIVE_INFINITY, "temperature must be 0 or more", temperature);
	need(topP > 0 && topP <= 1, "topP must lie in (0, 1]", topP);
	need(isWhole(topK, 1), "topK must be a positive whole number", topK);
	need(minP >= 0 && minP <= 1, "minP must lie in [0, 1]", minP);
	need(isWhole(maxTokens, 1), "maxTokens must be a positive whole number", maxTokens);
	need(
		repetitionPenalty > 0 && repetitionPenalty < Number.POSITIVE_INFINITY,
		"repetitionPenalty must be positive",
		repetitionPenalty,
	);
	need(
		stop.every((text) => text.length > 0),
		"stop must not hold an empty string",
		stop,
	);
	if (repetition === undefined) return;
	need(
		isWhole(repetition.ngram, 1) && isWhole(repetition.times, 2),
		"repetition needs ngram ≥ 1 and times ≥ 2",
		repetition,
	);
}

/** The scores that a draw needs; only these are copied out of onnxruntime. */
export function scoreKinds(settings: SamplingSettings): ScoreKind[] {
	if (needsLogits(settings)) return ["logits", "logProbabilities"];
	return settings.temperature === 0 ? ["logProbabilities"] : ["logProbabilities", "probabilities"];
}

/** Below this, scores divided by it may be too large for the graph's float32. */
const LEAST_TEMPERATURE = 1e-30;

/** Whether probabilities are made here, in float64 and of differences, and not by the graph. */
export function needsLogits({ temperature, repetitionPenalty = 1 }: SamplingSettings): boolean {
	return repetitionPenalty !== 1 || (temperature > 0 && temperature < LEAST_TEMPERATURE);
}
