import { defineConfig } from "dno";

/** A small model learns geometry word problems from a teacher who slips, and corrects the slips by its own play. */
export default defineConfig({
	name: "geometry",
	iterations: 6,
	policy: {
		model: "./initial-policy",
		// What `--from-scratch` and `dno pretrain` make the initial policy with: 0.35 M parameters, about 10 minutes.
		fromScratch: {
			architecture: {
				hidden_size: 96,
				intermediate_size: 256,
				num_hidden_layers: 3,
				num_attention_heads: 3,
				num_key_value_heads: 3,
				max_position_embeddings: 128,
				initializer_range: 0.08,
			},
			tokenizer: "./tokenizer.json",
			demonstrations: "./demonstrations.ts",
			training: {
				steps: 9000,
				learningRate: 2e-3,
				schedule: "cosine",
				warmupSteps: 100,
				batchSize: 32,
				checkpointEvery: 500,
			},
		},
	},
	prompts: {
		train: "./data/train.jsonl",
		validation: "./data/validation.jsonl",
		heldOut: "./data/held-out.jsonl",
		perIteration: 400,
	},
	sampling: { samples: 5, temperature: 1, maxTokens: 48 },
	oracle: { kind: "verifier", module: "./verifier.ts", chunkSize: 100, concurrency: 4 },
	pairs: { minChosenWinRate: 0.5, minMargin: 0.4, minStudentMargin: 0.2, maxPerPrompt: 4 },
	training: { learningRate: 2e-4, schedule: "linear", batchSize: 32, beta: 0.1, nllWeight: 2 },
	baselines: { sft: { learningRate: 5e-5 }, offlineDpo: {}, offlineKto: { batchSize: 64 } },
	evaluation: { samples: 2, temperature: 1, maxValidationPrompts: 100 },
	engine: { kind: "onnx", threads: 2 },
	quick: {
		iterations: 2,
		"prompts.perIteration": 200,
		"evaluation.maxPrompts": 200,
		"evaluation.maxValidationPrompts": 50,
	},
});
