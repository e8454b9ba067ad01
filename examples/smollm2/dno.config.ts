import { defineConfig } from "dno";

/** SmolLM2-135M-Instruct learns to obey checkable instructions: lengths, formats, keywords, letters, JSON. */
export default defineConfig({
	name: "smollm2",
	iterations: 3,
	policy: { model: "./model", source: "smollm2-135m-instruct" },
	prompts: {
		train: "./data/train.jsonl",
		validation: "./data/validation.jsonl",
		heldOut: "./data/held-out.jsonl",
		perIteration: 120,
	},
	sampling: { samples: 5, temperature: 1, topP: 0.95, maxTokens: 80 },
	oracle: { kind: "verifier", module: "./verifier.ts", chunkSize: 60, concurrency: 2 },
	pairs: { minChosenWinRate: 0.5, minMargin: 0.4, minStudentMargin: 0.2, maxPerPrompt: 3 },
	training: {
		lora: { rank: 16, alpha: 32 },
		learningRate: 5e-4,
		schedule: "linear",
		warmupSteps: 5,
		batchSize: 4,
		// The pairs of a prompt come together: what they have in common is computed once.
		shuffle: "prompts",
		beta: 0.1,
		nllWeight: 0.5,
		checkpointEvery: 10,
	},
	baselines: {},
	evaluation: { samples: 1, temperature: 0.7, maxValidationPrompts: 40 },
	engine: { kind: "onnx", threads: 2, heartbeatSeconds: 120 },
	quick: {
		iterations: 1,
		"prompts.perIteration": 60,
		"evaluation.maxPrompts": 45,
		"evaluation.maxValidationPrompts": 15,
	},
});
