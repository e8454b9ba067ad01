import { createHash } from "node:crypto";
import { DnoError } from "../../../core/errors.ts";
import { createRandom, hashSeed, shuffle } from "../../../core/random.ts";
import type { TrainingExamples, TrainingSettings } from "../../engine.ts";
import { updateHash } from "../../formats/large-arrays.ts";
import type { LlamaConfig } from "../../model/config.ts";

/** Examples of every batch: epochs in seeded orders one behind the other, cut into batches. */
export function batchOrder({ examples }: TrainingExamples, settings: TrainingSettings): number[][] {
	const needed = settings.steps * settings.batchSize;
	const units = settings.shuffle === "prompts" ? examplesByPrompt(examples) : [...examples.keys()].map((i) => [i]);
	const order: number[] = [];
	for (let epoch = 0; order.length < needed; epoch++) {
		// One by one: as arguments of one call, some 120,000 would be too many.
		for (const index of shuffle(units, createRandom(hashSeed(settings.seed, "epoch", epoch))).flat()) order.push(index);
	}
	return Array.from({ length: settings.steps }, (_, step) =>
		order.slice(step * settings.batchSize, (step + 1) * settings.batchSize),
	);
}

function examplesByPrompt(examples: TrainingExamples["examples"]): number[][] {
	const indices = [...examples.keys()];
	return [...Map.groupBy(indices, (i) => examples[i]!.prompt.join()).values()];
}

/** A hash of everything that determines the trained weights; how often checkpoints are written does not. */
export function jobHash(
	fingerprint: string,
	policies: readonly string[],
	examples: TrainingExamples,
	{ checkpointEvery: _, ...settings }: TrainingSettings,
): string {
	const { examples: all, ...rest } = examples;
	const hash = createHash("sha256").update(JSON.stringify([fingerprint, settings, rest, policies]));
	// Example by example: all of them may be longer than a string can be.
	for (const example of all) hash.update("\n").update(JSON.stringify(example));
	return hash.digest("hex");
}

/** sha256 of the bytes of arrays. */
export function digestArrays(arrays: Iterable<Float32Array>): string {
	const hash = createHash("sha256");
	for (const data of arrays) updateHash(hash, data);
	return hash.digest("hex");
}

/** @throws DnoError naming the example that the model cannot be trained on, or the setting that makes no sense */
export function checkJob(data: TrainingExamples, settings: TrainingSettings, config: LlamaConfig): void {
	const whole = ["warmupSteps", "batchSize", "steps", "checkpointEvery"] as const;
	const { microBatchTokens = 1, lora } = settings;
	const sizes = { microBatchTokens, ...(lora !== undefined && { "lora.rank": lora.rank }) };
	for (const [key, got] of Object.entries(sizes)) {
		if (Number.isInteger(got) && got >= 1) continue;
		throw new DnoError({ what: `${key} must be a whole number of at least 1`, where: "training settings", got });
	}
	for (const key of whole) {
		const least = key === "warmupSteps" ? 0 : 1;
		if (!(Number.isInteger(settings[key]) && settings[key] >= least)) {
			const what = `${key} must be a whole number of at least ${least}`;
			throw new DnoError({ what, where: "training settings", got: settings[key] });
		}
	}
	if (data.examples.length === 0) throw new DnoError({ what: "there is nothing to train on", got: data.loss });
	data.examples.forEach((example, i) => {
		const where = `${data.loss} example ${i}`;
		if ((data.loss === "sppo" || data.loss === "dno-soft") && !("winRates" in example)) {
			throw new DnoError({ what: `${data.loss} needs the win rates of both responses`, where });
		}
		const responses = "chosen" in example ? [example.chosen, example.rejected] : [example.response];
		for (const tokens of [example.prompt, ...responses]) {
			if (tokens.length === 0) throw new DnoError({ what: "a prompt or response has no tokens", where });
			const unknown = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < config.vocabSize));
			if (unknown !== undefined)
				throw new DnoError({ what: "a token lies outside the vocabulary", where, got: unknown });
			const total = tokens === example.prompt ? tokens.length : example.prompt.length + tokens.length;
			if (total > config.maxPositions) {
				const what = `prompt and response do not fit the model's ${config.maxPositions} positions`;
				throw new DnoError({ what, where, got: total });
			}
		}
	});
}
