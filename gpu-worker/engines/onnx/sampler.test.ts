import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import type { WeightType } from "../../../core/config.ts";
import { createRandom } from "../../../core/random.ts";
import { endsInRepetition } from "../../../core/repetition.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { SampledResponse, SampleRequest, SamplingSettings } from "../../engine.ts";
import { openTokenizer } from "../../formats/tokenizer.ts";
import { readModel } from "../../model/folder.ts";
import { createRandomModel } from "../../model/init.ts";
import { createOnnxEngine } from "./index.ts";
import { argmax, draw, type Truncation } from "./sampling.ts";
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

async function sample(
	dir: string,
	asked: SampleRequest[],
	how = settings,
	options = {},
	weights: WeightType = "float32",
) {
	const sampler = await engine.openSampler(dir, weights);
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
		const scorer = await openScorer(readModel(dir), { threads: 2 });
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

	test("takes as many prompts at once as there are", async () => {
		const asked = Array.from({ length: 160_000 }, () => ({ promptTokens: [3], seeds: [] }));
		expect(await sample(await newModel(), asked)).toHaveLength(asked.length);
	});

	test("a response depends on its seed alone, to the last bit, not on its neighbours in the batch", async () => {
		const dir = await newModel();
		const asked = requests(120); // 360 responses: more than are decoded at once
		const together = await sample(dir, asked);
		const alone = await sample(dir, [asked[77]!, { ...asked[4]!, seeds: asked[4]!.seeds.slice(2, 3) }]);
		expect(alone[0]).toEqual(together[77]);
		expect(alone[1]![0]).toEqual(together[4]![2]);
		for (const [i, request] of asked.slice(0, 5).entries()) {
			expect((await sample(dir, [{ ...request, seeds: [request.seeds[0]!] }]))[0]![0]).toEqual(together[i]![0]);
		}
		expect(await sample(dir, asked)).toEqual(together);
	});

	test.each([true, false])(
		"8-bit weights: close to float32, and as independent of neighbours (tied: %s)",
		async (tied) => {
			const dir = await newModel(tied);
			const asked = requests(60);
			const together = await sample(dir, asked, settings, {}, "int8");
			const alone = await sample(dir, [{ ...asked[4]!, seeds: asked[4]!.seeds.slice(2, 3) }], settings, {}, "int8");
			expect(alone[0]![0]).toEqual(together[4]![2]);
			expect(await sample(dir, asked.slice(7, 10), settings, {}, "int8")).toEqual(together.slice(7, 10));
			const scorer = await openScorer(readModel(dir), { threads: 2 });
			const exact = await scorer.scoreTokens(
				asked.map(({ promptTokens }, i) => ({
					prompt: promptTokens,
					responses: together[i]!.map(({ tokens }) => tokens),
				})),
			);
			await scorer.dispose();
			const differences = together.flatMap((row, i) =>
				row.flatMap(({ tokenLogProbabilities }, k) =>
					tokenLogProbabilities.map((own, t) => Math.abs(own - exact[i]![k]![t]!)),
				),
			);
			expect(Math.max(...differences)).toBeLessThan(0.3);
			expect(Math.max(...differences)).toBeGreaterThan(1e-3); // the rounded policy's own, not float32's
		},
	);

	test("so it is where one key head serves all query heads", async () => {
		const dir = join(temporaryFolder(), "model");
		await createRandomModel({ config: { ...tinyConfig(true), kvHeads: 1 }, tokenizerFile, seed: 2, outDir: dir });
		const asked = requests(9);
		const together = await sample(dir, asked);
		for (const i of [3, 8]) {
			const [[alone]] = (await sample(dir, [{ ...asked[i]!, seeds: asked[i]!.seeds.slice(0, 1) }])) as [
				[SampledResponse],
			];
			expect(alone).toEqual(together[i]![0]);
		}
	});

	test("a policy that is open still samples when its folder is gone", async () => {
		const dir = await newModel();
		const asked = requests(5);
		const before = await sample(dir, asked);
		const sampler = await engine.openSampler(dir);
		rmSync(dir, { recursive: true });
		expect(await sampler.sample(asked, settings)).toEqual(before);
		await sampler.dispose();
	});

	test("a head may have any even width", async () => {
		const outDir = join(temporaryFolder(), "model");
		await createRandomModel({ config: { ...tinyConfig(true), headDim: 6 }, tokenizerFile, seed: 1, outDir });
		const [[response]] = (await sample(outDir, [{ promptTokens: [3, 4], seeds: [1] }])) as [[SampledResponse]];
		const scorer = await openScorer(readModel(outDir), { threads: 1 });
		const [[sum]] = (await scorer.score([{ prompt: [3, 4], responses: [response.tokens] }])) as [[number]];
		await scorer.dispose();
		expect(Math.abs(sum - response.logProbability)).toBeLessThan(1e-4);
	});

	test("every token has its log-probability, and is heard of as it is drawn", async () => {
		const dir = await newModel();
		const heard: Record<string, number[]> = {};
		const onToken = ({ request, index }: { request: number; index: number }, token: number) => {
			heard[`${request}.${index}`] ??= [];
			heard[`${request}.${index}`]!.push(token);
		};
		const responses = await sample(dir, requests(6), settings, { onToken });
		responses.forEach((row, request) => {
			row.forEach(({ tokens, tokenLogProbabilities, logProbability }, index) => {
				expect(heard[`${request}.${index}`]).toEqual(tokens);
				expect(tokenLogProbabilities).toHaveLength(tokens.length);
				expect(tokenLogProbabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(logProbability, 10);
			});
		});
	});

	test("a response ends where a stop text is complete", async () => {
		const dir = await newModel();
		const asked = [{ promptTokens: [3, 4], seeds: [1, 2, 3, 4, 5, 6] }];
		const tokenizer = openTokenizer(dir);
		const [free] = await sample(dir, asked);
		const text = tokenizer
			.decode(free!.flatMap(({ tokens }) => tokens.slice(1, 2)))
			.trim()
			.split(" ")[0]!;
		const [stopped] = await sample(dir, asked, { ...settings, stop: [text, "never said"] });
		stopped!.forEach(({ tokens, finishReason }, i) => {
			const all = free![i]!.tokens;
			expect(tokens).toEqual(all.slice(0, tokens.length));
			const said = (count: number) => tokenizer.decode(all.slice(0, count)).includes(text);
			expect(said(tokens.length - 1)).toBe(false);
			expect(tokens.length === all.length || (finishReason === "stop" && said(tokens.length))).toBe(true);
		});
		expect(stopped!.some(({ tokens }, i) => tokens.length < free![i]!.tokens.length)).toBe(true);
	});

	test("a response that has become a loop ends, where that is asked for", async () => {
		const dir = await newModel();
		const greedy = { ...settings, temperature: 0, maxTokens: 50 };
		const asked = [{ promptTokens: [3, 4], seeds: [1] }];
		const [[free]] = (await sample(dir, asked, greedy)) as [[SampledResponse]];
		const rule = { ngram: 1, times: 3 };
		const end = free.tokens.findIndex((_, i) => endsInRepetition(free.tokens.slice(0, i + 1), rule));
		expect(end).toBeGreaterThan(0);
		const [[looped]] = (await sample(dir, asked, { ...greedy, repetition: rule })) as [[SampledResponse]];
		expect(looped.finishReason).toBe("repetition");
		expect(looped.tokens).toEqual(free.tokens.slice(0, end + 1));
	});

	test("a repetition penalty makes what occurred less likely; log-probabilities stay the policy's", async () => {
		const dir = await newModel();
		const asked = [{ promptTokens: [3, 4], seeds: [1, 2, 3, 4] }];
		const strong = { ...settings, temperature: 0, repetitionPenalty: 1000 };
		const [responses] = await sample(dir, asked, strong);
		const scorer = await openScorer(readModel(dir), { threads: 1 });
		const [sums] = await scorer.score([{ prompt: [3, 4], responses: responses!.map(({ tokens }) => tokens) }]);
		await scorer.dispose();
		responses!.forEach(({ tokens, logProbability }, i) => {
			expect(new Set([3, 4, ...tokens]).size).toBe(2 + tokens.length);
			expect(Math.abs(sums![i]! - logProbability)).toBeLessThan(1e-4);
		});
	});

	test("temperature 0 is greedy whatever the seed, and a small nucleus is nearly so", async () => {
		const dir = await newModel();
		const asked = [{ promptTokens: [4, 5], seeds: [1, 2, 3] }];
		const [greedy] = await sample(dir, asked, { ...settings, temperature: 0 });
		const [nucleus] = await sample(dir, asked, { ...settings, topP: 1e-6 });
		for (const { tokens } of [...greedy!, ...nucleus!]) expect(tokens).toEqual(greedy![0]!.tokens);
	});

	test.each([1e-25, 1e-35, 1e-40, Number.MIN_VALUE])(
		"a temperature of %d is as good as greedy",
		async (temperature) => {
			const dir = await newModel();
			const asked = [{ promptTokens: [4, 5], seeds: [1, 2, 3] }];
			const [greedy] = await sample(dir, asked, { ...settings, temperature: 0 });
			for (const how of [{}, { topP: 0.9 }, { topK: 3 }]) {
				expect(await sample(dir, asked, { ...settings, temperature, ...how })).toEqual([greedy]);
			}
		},
	);

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
		const tokens = seen.at(-1)![2]!;
		expect(seen.at(-1)).toEqual([30, 30, tokens]);
		expect(tokens).toBeGreaterThan(30);
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
		["topK must", { topK: 0 }, [3]],
		["minP must", { minP: 2 }, [3]],
		["repetitionPenalty must", { repetitionPenalty: 0 }, [3]],
		["stop must not", { stop: [""] }, [3]],
		["repetition needs", { repetition: { ngram: 4, times: 1 } }, [3]],
		["no tokens", {}, []],
		["outside the vocabulary", {}, [20]],
		["do not fit the model's 64 positions", { maxTokens: 63 }, [3, 4]],
	])("refuses bad requests: %s", async (message, change, promptTokens) => {
		const asked = [{ promptTokens, seeds: [1] }];
		await expect(sample(await newModel(), asked, { ...settings, ...change })).rejects.toThrow(message);
	});
});

describe("drawing from a row of probabilities", () => {
	const numbers = Float32Array.of(9, 0.1, 0.4, 0, 0.3, 0.2, 9);

	test("keeps to the smallest set whose mass reaches topP", () => {
		const random = createRandom(1);
		const drawn = new Set(Array.from({ length: 500 }, () => draw(numbers, 1, 5, { topP: 0.6 }, random)));
		expect([...drawn].sort()).toEqual([1, 3]);
	});

	test("keeps to the topK most likely, and to those not far below the most likely", () => {
		const random = createRandom(1);
		const drawnBy = (truncation: Partial<Truncation>) =>
			[...new Set(Array.from({ length: 500 }, () => draw(numbers, 1, 5, { topP: 1, ...truncation }, random)))].sort();
		expect(drawnBy({ topK: 1 })).toEqual([1]);
		expect(drawnBy({ topK: 3 })).toEqual([1, 3, 4]);
		expect(drawnBy({ topK: 3, topP: 0.5 })).toEqual([1, 3]);
		expect(drawnBy({ minP: 0.5 })).toEqual([1, 3, 4]);
		expect(drawnBy({ minP: 0.6 })).toEqual([1, 3]);
		expect(drawnBy({ topK: 5 })).toEqual([0, 1, 3, 4]);
	});

	test("finds the nucleus of a flat distribution as a full sort would", () => {
		const flat = Float32Array.from({ length: 700 }, (_, i) => (1 + (i % 7)) / 2800);
		const order = [...flat.keys()].sort((a, b) => flat[b]! - flat[a]! || a - b);
		let mass = 0;
		const end = order.findIndex((i) => {
			mass += flat[i]!;
			return mass >= 0.3;
		});
		const drawn = new Set(
			Array.from({ length: 5000 }, (_, k) => draw(flat, 0, flat.length, { topP: 0.3 }, () => k / 5000)),
		);
		expect([...drawn].sort((a, b) => a - b)).toEqual(order.slice(0, end + 1).sort((a, b) => a - b));
	});

	test("draws where the running sum passes the number that was drawn", () => {
		const random = createRandom(3);
		const counts = Array.from({ length: 1000 }, () => Math.floor(random() * 4));
		const total = counts.reduce((sum, count) => sum + count, 0);
		counts.push(2048 - total);
		// Multiples of 2⁻¹¹: their sums are exact, in whichever order.
		const probabilities = Float32Array.from(counts, (count) => count / 2048);
		const tokens = counts.flatMap((count, token) => Array.from({ length: count }, () => token));
		for (let k = 0; k < 2048; k++) {
			expect(draw(probabilities, 0, counts.length, { topP: 1 }, () => (k + 0.5) / 2048)).toBe(tokens[k]);
		}
	});

	test("never draws what has no probability, also at the ends of the unit interval", () => {
		for (const number of [0, 0.5, 0.7499, 0.75, 1 - 2 ** -32]) {
			expect(draw(numbers, 1, 5, { topP: 1 }, () => number)).not.toBe(2);
			expect([1, 3, 0, 4]).toContain(draw(numbers, 1, 5, { topP: 0.99 }, () => number));
		}
		expect(argmax(numbers, 1, 5)).toBe(1);
	});
});
