import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../core/random.ts";
import type { Engine, SampledResponse, SampleRequest, Trainer } from "../../gpu-worker/engine.ts";

/** Samples one number of the small campaign's vocabulary a response, drawn from its seed, and trains by changing one byte. */
export function createSimulatedEngine(words: readonly string[], endOfSequence: number): Engine {
	const numbers = words.flatMap((word, id) => (/^\d+$/.test(word) ? [id] : []));
	const draw = (seed: number): SampledResponse => {
		const token = numbers[Math.floor(createRandom(seed)() * numbers.length)]!;
		return {
			tokens: [token, endOfSequence],
			logProbability: -3,
			tokenLogProbabilities: [-3, 0],
			finishReason: "stop",
		};
	};
	return {
		name: "simulated",
		fingerprint: "simulated/1",
		async openSampler() {
			return {
				async sample(requests: readonly SampleRequest[], _, { onProgress, onFinished } = {}) {
					const total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
					let done = 0;
					const drawn: SampledResponse[][] = [];
					for (const [i, { seeds }] of requests.entries()) {
						drawn.push(seeds.map(draw));
						done += seeds.length;
						onFinished?.(i, drawn[i]!);
						onProgress?.(done, total);
						if (i % 100 === 0) await new Promise(setImmediate);
					}
					return drawn;
				},
				async dispose() {},
			};
		},
		openTrainer: () => ({ train, checkpointIn: (folder) => ({ file: join(folder, "none"), steps: 0 }) }),
	};
}

const train: Trainer["train"] = async ({ modelDir, outDir }, { examples }, { learningRate, steps }, options) => {
	options?.onProgress?.(steps, steps);
	cpSync(modelDir, outDir, { recursive: true });
	const weights = join(outDir, "model.safetensors");
	const bytes = readFileSync(weights);
	bytes[bytes.length - 1]! ^= 1;
	writeFileSync(weights, bytes);
	return { steps: [{ step: steps, loss: 1 / examples.length, gradNorm: 1, learningRate }], tokens: 2 * examples.length };
};
