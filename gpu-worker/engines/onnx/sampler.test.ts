import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import { createRandom } from "../../../core/random.ts";
import { temporaryFolder } from "../../../test/unit/gpu-worker/temporary-folder.ts";
import type { SampleRequest, SamplingSettings } from "../../engine.ts";
import { readModel } from "../../model/folder.ts";
import { createRandomModel } from "../../model/init.ts";
import { createOnnxEngine } from "./index.ts";
import { argmax, draw } from "./sampling.ts";
import { openScorer } from "./scorer.ts";

const tokenizerFile = join(import.meta.dirname, "../../../bench/golden/tokenizer.json");
const engine = createOnnxEngine({ threads: 2 });
const settings: SamplingSettings = { temperature: 1, topP: 1, maxTokens: 12 };

async function newModel(tied = true): Promise<string> {
	const outDir = join(temporaryFolder(), "model");
	await createRandomModel({ config: tinyConfig(tied), tokenizerFile, seed: 11, outDir });
	return outDir;
}

/** Prompts of 1 to 9 tokens, with 1 to 5 responses each. */
function requests(count: number): SampleRequest[] {
	return Array.from({ length: count }, (_, i) => ({
		promptTokens: Array.from({ length: 1 + (i % 9) }, (_, j) => 3 + ((i * 5 + j * 3) % 17)),
		seeds: Array.from({ length: 1 + (i % 5) }, (_, k) => 1000 * i + k),
	}));
}

async function sample(dir: string, asked: SampleRequest[], how = settings, options = {}) {
	const sampler = await engine.openSampler(dir);
	try {
		return await sampler.sample(asked, how, options);
	} finally {
		await sampler.dispose();
	}
}

describe("sampling", () => {
	test.each([true, false])("log-probabilities equal the training graph's forward (tied: %s)", async (tied) => {
		const dir = await newModel(tied);
		const asked = requests(40);
		const responses = await sample(dir, asked);
		const scorer = await openScorer(readModel(dir), 2);
		const sums = await scorer.score(
			asked.map(({ promptTokens }, i) => ({
				prompt: promptTokens,
				responses: responses[i]!.map(({ tokens }) => tokens),
			})),
		);
		await scorer.dispose();
		responses.forEach((row, i) => {
			expect(row).toHaveLength(asked[i]!.seeds.length);
			row.forEach(({ tokens, logProbability, finishReason }, k) => {
				expect(Math.abs(logProbability - sums[i]![k]!)).toBeLessThan(1e-4);
				expect(tokens.indexOf(1)).toBe(finishReason === "stop" ? tokens.length - 1 : -1);
				expect(finishReason === "stop" || tokens.length === 12).toBe(true);
			});
		});
	});

	test("a response depends on its seed alone, not on its neighbours in the batch", async () => {
		const dir = await newModel();
		const asked = requests(120); // 360 responses: more than are decoded at once
		const together = await sample(dir, asked);
		const alone = await sample(dir, [asked[77]!, { ...asked[4]!, seeds: asked[4]!.seeds.slice(2, 3) }]);
		expect(alone[0]).toEqual(together[77]); // log-probabilities to the last bit
		expect(alone[1]![0]).toEqual(together[4]![2]);
		expect(await sample(dir, asked)).toEqual(together);
	});

	test("temperature 0 is greedy whatever the seed, and a small nucleus is nearly so", async () => {
		const dir = await newModel();
		const asked = [{ promptTokens: [4, 5], seeds: [1, 2, 3] }];
		const [greedy] = await sample(dir, asked, { ...settings, temperature: 0 });
		const [nucleus] = await sample(dir, asked, { ...settings, topP: 1e-6 });
		for (const { tokens } of [...greedy!, ...nucleus!]) expect(tokens).toEqual(greedy![0]!.tokens);
	});

	test("draws follow the model's distribution", async () => {
		const dir = await newModel();
		const n = 3000;
		const [drawn] = await sample(dir, [{ promptTokens: [3], seeds: Array.from({ length: n }, (_, i) => i) }], {
			...settings,
			maxTokens: 1,
		});
		for (const token of new Set(drawn!.map(({ tokens }) => tokens[0]!))) {
			const hits = drawn!.filter(({ tokens }) => tokens[0] === token);
			const p = Math.exp(hits[0]!.logProbability);
			expect(Math.abs(hits.length / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
		}
	});

	test("reports progress up to the end and stops between steps when told to", async () => {
		const dir = await newModel();
		const seen: number[][] = [];
		await sample(dir, requests(10), settings, { onProgress: (...progress: number[]) => seen.push(progress) });
		expect(seen.at(-1)!.slice(0, 2)).toEqual([30, 30]);
		const controller = new AbortController();
		const stop = sample(dir, requests(10), settings, {
			signal: controller.signal,
			onProgress: () => controller.abort(new Error("enough")),
		});
		await expect(stop).rejects.toThrow("enough");
		expect(await sample(dir, [])).toEqual([]);
	});

	test.each<[string, Partial<SamplingSettings>, number[]]>([
		["temperature must be", { temperature: -1 }, [3]],
		["topP must", { topP: 0 }, [3]],
		["maxTokens must", { maxTokens: 0 }, [3]],
		["no tokens", {}, []],
		["outside the vocabulary", {}, [20]],
		["do not fit the model's 64 positions", { maxTokens: 63 }, [3, 4]],
	])("refuses bad requests: %s", async (message, change, promptTokens) => {
		const asked = [{ promptTokens, seeds: [1] }];
		await expect(sample(await newModel(), asked, { ...settings, ...change })).rejects.toThrow(message);
	});
});

describe("drawing from a row of probabilities", () => {
	const numbers = Float32Array.of(0.1, 0.4, 0, 0.3, 0.2);

	test("keeps to the smallest set whose mass reaches topP", () => {
		const random = createRandom(1);
		const drawn = new Set(Array.from({ length: 500 }, () => draw(numbers, { topP: 0.6 }, random)));
		expect([...drawn].sort()).toEqual([1, 3]);
	});

	test("never draws what has no probability, also at the ends of the unit interval", () => {
		for (const number of [0, 0.5, 0.7499, 0.75, 1 - 2 ** -32]) {
			expect(draw(numbers, { topP: 1 }, () => number)).not.toBe(2);
			expect([1, 3, 0, 4]).toContain(draw(numbers, { topP: 0.99 }, () => number));
		}
		expect(argmax(numbers)).toBe(1);
	});
});
