import { DnoError } from "../../../core/errors.ts";
import type { SampleRequest, SamplingSettings } from "../../engine.ts";
import type { LlamaConfig } from "../../model/config.ts";

/** @throws DnoError naming the setting that makes no sense, or the prompt that the model cannot take */
export function checkRequests(
	{ vocabSize, maxPositions }: LlamaConfig,
	requests: readonly SampleRequest[],
	settings: SamplingSettings,
): void {
	checkSettings(settings);
	const { maxTokens } = settings;
	requests.forEach(({ promptTokens }, i) => {
		const where = `prompt ${i}`;
		if (promptTokens.length === 0) throw new DnoError({ what: "the prompt has no tokens", where });
		const unknown = promptTokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
		if (unknown !== undefined)
			throw new DnoError({ what: "the prompt has a token outside the vocabulary", where, got: unknown });
		if (promptTokens.length + maxTokens > maxPositions) {
			const what = `prompt and response do not fit the model's ${maxPositions} positions`;
			const mend = "Shorten the prompt or lower maxTokens";
			throw new DnoError({ what, where, got: promptTokens.length + maxTokens, mend });
		}
	});
}

function checkSettings({ temperature, topP, maxTokens, ...rest }: SamplingSettings): void {
	const { topK = 1, minP = 0, repetitionPenalty = 1, stopStrings = [], repetition } = rest;
	const check = (isGood: boolean, what: string, got: unknown) => {
		if (!isGood) throw new DnoError({ what, where: "sampling settings", got });
	};
	const isCount = (number: number) => Number.isInteger(number) && number > 0;
	const isPositive = (number: number) => number > 0 && number < Number.POSITIVE_INFINITY;
	check(temperature === 0 || isPositive(temperature), "temperature must be 0 or more", temperature);
	check(topP > 0 && topP <= 1, "topP must lie in (0, 1]", topP);
	check(isCount(topK), "topK must be a positive whole number", topK);
	check(minP >= 0 && minP <= 1, "minP must lie in [0, 1]", minP);
	check(isPositive(repetitionPenalty), "repetitionPenalty must be more than 0", repetitionPenalty);
	check(!stopStrings.includes(""), "a stop string must not be empty", stopStrings);
	if (repetition !== undefined) {
		const { size, times } = repetition;
		check(
			isCount(size) && isCount(times - 1),
			"repetition needs a size of 1 or more and times of 2 or more",
			repetition,
		);
	}
	check(isCount(maxTokens), "maxTokens must be a positive whole number", maxTokens);
}
