import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tinyArchitectures, tinyWeights } from "../../bench/golden/tiny-architectures.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { runGraph } from "../../test/unit/gpu-worker/run-graph.ts";
import { packBatch, type SequenceRow } from "../engines/onnx/batch.ts";
import { createOnnxEngine } from "../engines/onnx/index.ts";
import { openScorer } from "../engines/onnx/scorer.ts";
import { float, weightTensors } from "../engines/onnx/session.ts";
import { WEIGHTS } from "../formats/weight-files.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { writeWeights } from "./folder.ts";
import { createRandomModel } from "./init.ts";
import { buildScoringGraph, buildTrainingGraph, gradientName } from "./training-graph.ts";

/** Entries of a gradient at even distances, and what its size is told from. */
interface SampledGradient {
	norm: number;
	largest: number;
	stride: number;
	entries: number[];
}

interface Golden {
	prompts: number[][];
	responses: number[][];
	models: Record<
		string,
		{
			loss: number;
			gradients: Record<string, SampledGradient>;
			tokenLogProbabilities: number[][];
			greedy: number[][];
		}
	>;
}

const folder = join(import.meta.dirname, "../../bench/golden");
const golden: Golden = JSON.parse(readFileSync(join(folder, "architectures.golden.json"), "utf8"));
const { prompts, responses } = golden;
const rows: SequenceRow[] = prompts.map((prompt, i) => ({ prompt, responses: [responses[i]!] }));

test("there are golden numbers for every architecture", () => {
	expect(Object.keys(golden.models).sort()).toEqual(Object.keys(tinyArchitectures).sort());
	const covered = new Set(Object.values(tinyArchitectures).map(({ architecture }) => architecture));
	expect([...covered].sort()).toEqual(Object.keys(ARCHITECTURES).sort());
});

describe.each(Object.keys(tinyArchitectures))("%s, against torch and transformers", (name) => {
	const config = tinyArchitectures[name]!;
	const weights = tinyWeights(config, Object.keys(tinyArchitectures).indexOf(name));
	const expected = golden.models[name]!;
	const inputs = { ...weightTensors(config, weights), ...packBatch(rows).feeds };

	test("log-probabilities of every token", async () => {
		const { tokenLogProbabilities } = await runGraph(buildScoringGraph(config), inputs);
		expected.tokenLogProbabilities.flat().forEach((logProbability, i) => {
			expect(Math.abs(tokenLogProbabilities![i]! - logProbability)).toBeLessThan(1e-4);
		});
	});

	test("the loss's gradient by every weight, to 1e-4 of its largest entry", async () => {
		const tokenShare = float(Float32Array.of(1 / responses.flat().length), []);
		const results = await runGraph(buildTrainingGraph(config, { loss: "sft" }), { ...inputs, tokenShare });
		expect(Math.abs(results.loss![0]! - expected.loss)).toBeLessThan(1e-4);
		expect(Object.keys(expected.gradients).sort()).toEqual([...weights.keys()].sort());
		for (const [parameter, { norm, largest, stride, entries }] of Object.entries(expected.gradients)) {
			const ours = results[gradientName(parameter)]!;
			expect(Math.abs(Math.hypot(...ours) - norm), parameter).toBeLessThan(1e-4 * norm);
			expect(Math.ceil(ours.length / stride), parameter).toBe(entries.length);
			entries.forEach((entry, i) => {
				expect(Math.abs(ours[i * stride]! - entry), parameter).toBeLessThan(1e-4 * largest);
			});
		}
	});

	test("greedy text, with the log-probabilities of the training graph", async () => {
		const outDir = join(temporaryFolder(), "model");
		await createRandomModel({ config, tokenizerFile: join(folder, "tokenizer.json"), seed: 0, outDir });
		rmSync(join(outDir, WEIGHTS));
		await writeWeights(outDir, config, weights);
		const sampler = await createOnnxEngine({ threads: 1 }).openSampler(outDir);
		const sampled = await sampler.sample(
			prompts.map((promptTokens) => ({ promptTokens, seeds: [0] })),
			{ temperature: 0, topP: 1, maxTokens: 8 },
		);
		await sampler.dispose();
		expect(sampled.map(([response]) => response!.tokens)).toEqual(expected.greedy);
		const scorer = await openScorer({ config, weights }, { threads: 1 });
		const sums = await scorer.score(prompts.map((prompt, i) => ({ prompt, responses: [sampled[i]![0]!.tokens] })));
		await scorer.dispose();
		sums.forEach(([sum], i) => {
			expect(Math.abs(sum! - sampled[i]![0]!.logProbability)).toBeLessThan(1e-4);
		});
	});
});
