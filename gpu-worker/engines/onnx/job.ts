import { createHash } from "node:crypto";
import { DnoError } from "../../../core/errors.ts";
import { createRandom, hashSeed, shuffle } from "../../../core/random.ts";
import type { TrainingExamples, TrainingSettings } from "../../engine.ts";
import type { LlamaConfig } from "../../model/config.ts";
import type { WeightArrays } from "../../model/folder.ts";

/** Examples of every batch: epochs in seeded orders one behind the other, cut into batches. */
export function batchOrder(count: number, settings: TrainingSettings): number[][] {
	const needed = settings.steps * settings.batchSize;
	const order: number[] = [];
	for (let epoch = 0; order.length < needed; epoch++) {
		order.push(...shuffle([...Array(count).keys()], createRandom(hashSeed(settings.seed, "epoch", epoch))));
	}
	return Array.from({ length: settings.steps }, (_, step) =>
		order.slice(step * settings.batchSize, (step + 1) * settings.batchSize),
	);
}

/** A hash of everything that determines the trained weights; how often checkpoints are written does not. */
export function jobHash(
	fingerprint: string,
	models: readonly WeightArrays[],
	examples: TrainingExamples,
	{ checkpointEvery: _, ...settings }: TrainingSettings,
): string {
	const hash = createHash("sha256");
	hash.update(JSON.stringify([fingerprint, settings, examples]));
	for (const data of models.flatMap((weights) => [...weights.values()])) {
		hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
	}
	return hash.digest("hex");
}

/** @throws DnoError naming the example that the model cannot be trained on, or the setting that makes no sense */
export function checkJob(data: TrainingExamples, settings: TrainingSettings, config: LlamaConfig): void {
	const whole = ["warmupSteps", "batchSize", "steps", "checkpointEvery"] as const;
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
