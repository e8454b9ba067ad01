import { z } from "zod";
import { PAIR_LOSSES } from "./losses.ts";
import { oracleConfig } from "./oracle-config.ts";

const path = z.string().min(1);

/** Linear layers of the decoder by PEFT's names: what LoRA adapts unless told otherwise (PEFT's "all-linear"). */
const ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
const probability = z.number().min(0).max(1);

/**
 * How a policy's matrices are held while it samples: exactly, or rounded to 8 bits, faster and smaller, but then it is the rounded
 * policy that samples (docs/performance.md has the divergence).
 */
const weightType = z.enum(["float32", "int8"]);
export type WeightType = z.infer<typeof weightType>;

/** Every training setting, without defaults: what a baseline may override. */
const trainingFields = z.strictObject({
	/** AdamW's peak learning rate. */
	learningRate: z.number().positive(),
	schedule: z.enum(["constant", "linear", "cosine"]),
	warmupSteps: z.int().nonnegative(),
	weightDecay: z.number().nonnegative(),
	maxGradNorm: z.number().positive(),
	/** Examples an optimizer step; a pair is one example. */
	batchSize: z.int().positive(),
	/** β of Eq. 13 and of KTO. */
	beta: z.number().positive(),
	/** Weight of the chosen (KTO: desirable) answers' NLL a token beside the loss; 0 is Eq. 13 as it stands. */
	nllWeight: z.number().nonnegative(),
	/** KTO's λ_D and λ_U. */
	desirableWeight: z.number().positive(),
	undesirableWeight: z.number().positive(),
	/** A checkpoint every this many steps. */
	checkpointEvery: z.int().positive(),
	/**
	 * Tokens, padding included, that pass forward and backward at once; a larger batch is split. By default as many as take
	 * about 3 GB of activations.
	 */
	microBatchTokens: z.int().positive(),
});

const { shape } = trainingFields;
const training = trainingFields.extend({
	schedule: shape.schedule.default("constant"),
	warmupSteps: shape.warmupSteps.default(0),
	weightDecay: shape.weightDecay.default(0),
	maxGradNorm: shape.maxGradNorm.default(1),
	batchSize: shape.batchSize.default(16),
	beta: shape.beta.default(0.1),
	nllWeight: shape.nllWeight.default(0),
	desirableWeight: shape.desirableWeight.default(1),
	undesirableWeight: shape.undesirableWeight.default(1),
	checkpointEvery: shape.checkpointEvery.default(50),
	microBatchTokens: shape.microBatchTokens.optional(),
});
export type TrainingConfig = z.infer<typeof training>;

/** Architecture of a policy made from scratch, by the names of Hugging Face's LlamaConfig. */
const architecture = z.strictObject({
	hidden_size: z.int().positive(),
	intermediate_size: z.int().positive(),
	num_hidden_layers: z.int().positive(),
	num_attention_heads: z.int().positive(),
	num_key_value_heads: z.int().positive(),
	max_position_embeddings: z.int().positive(),
	rope_theta: z.number().positive().default(10_000),
	/** Standard deviation of the random weights. */
	initializer_range: z.number().positive().default(0.02),
	tie_word_embeddings: z.boolean().default(true),
});

const fromScratch = z.strictObject({
	architecture,
	/** A Hugging Face tokenizer.json. */
	tokenizer: path,
	/** A module whose default export `(seed: number) => {prompt, response}[]` makes the demonstrations. */
	demonstrations: path,
	training: training.extend({ steps: z.int().positive() }),
});

/** A campaign's config file. Paths are relative to the file. Every key is checked; unknown ones are refused. */
export const campaignConfig = z.strictObject({
	/** Letters, digits and dashes; names the campaign's folder and workflow. */
	name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
	seed: z.int().nonnegative().default(0),
	/** T of Algorithm 2: how often sample → judge → pair → train runs. */
	iterations: z.int().positive(),
	/**
	 * Whether an iteration's policy takes the place of the one before by itself, or only when `dno approve` says so: until then
	 * the campaign waits, and a rejected policy is left out, so that the next iteration samples from the one before again.
	 */
	promotion: z.enum(["automatic", "approval"]).default("automatic"),
	/**
	 * `s3://bucket/prefix` keeps artifacts, verdicts and costs in a bucket, which workers of other machines can share; by default
	 * they are in folders of this machine (docs/store.md).
	 */
	store: z
		.string()
		.regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|\?|$)/, "s3://bucket/prefix")
		.optional(),
	policy: z.strictObject({
		/** The initial policy π_1: a Hugging Face folder. */
		model: path,
		/**
		 * Where `model` is imported from when that folder is not there: what `dno model import` takes, i.e. `hf:org/name`, a
		 * `.gguf` file or a model's name.
		 */
		source: z.string().min(1).optional(),
		/** Its model family, as a judge's `family`: tells whether the judge prefers its own. */
		family: z.string().min(1).optional(),
		/** How `--from-scratch` and `dno pretrain` make it. */
		fromScratch: fromScratch.optional(),
	}),
	prompts: z.strictObject({
		train: path,
		/** Chooses the best policy (Algorithm 2 returns the best of π_1 … π_{T+1} on validation data). */
		validation: path,
		/** What the chart is drawn on; never trained on, never chosen by. */
		heldOut: path,
		/** Model family that wrote the teacher's answers, likewise. */
		teacherFamily: z.string().min(1).optional(),
		/** Fresh prompts an iteration. */
		perIteration: z.int().positive(),
		/** `chat` puts a prompt through the model's chat template, where its folder has one; `raw` gives it as it is. */
		format: z.enum(["chat", "raw"]).default("chat"),
	}),
	sampling: z.strictObject({
		/** K of Algorithm 2: samples a prompt. */
		samples: z.int().min(2, "Algorithm 2 compares a policy's own samples, so it needs K ≥ 2"),
		temperature: z.number().positive().default(1),
		topP: z.number().positive().max(1).default(1),
		/** Draw from so many of the most likely tokens only. */
		topK: z.int().positive().optional(),
		/** Draw only tokens at least so likely, as a share of the most likely one's probability. */
		minP: probability.optional(),
		/** Divides the scores of tokens that occurred already. */
		repetitionPenalty: z.number().positive().optional(),
		/** A response, also to an evaluation's prompt, ends where one of these texts is complete. */
		stop: z.array(z.string().min(1)).optional(),
		/**
		 * A response in which an n-gram of `ngram` tokens occurs `times` times ends there and loses to all others without being
		 * judged, as in the paper.
		 */
		repetition: z.strictObject({ ngram: z.int().positive(), times: z.int().min(2) }).optional(),
		/** Longest response in tokens. */
		maxTokens: z.int().positive(),
		/** `int8` draws the answers to train on from the policy with 8-bit weights; training and its reference stay in float32. */
		weights: weightType.default("float32"),
	}),
	/** Says which of two responses is better. */
	oracle: oracleConfig,
	pairs: z.strictObject({
		/** A chosen answer's win rate r̂ is at least this (the paper: a score of 5 or 6 of 6). */
		minChosenWinRate: probability.default(0.5),
		/** r̂(chosen) − r̂(rejected) is at least this (the paper: 2 points of 6). */
		minMargin: probability.default(0.4),
		/** The same where the student's own answer is the chosen one (the paper: 1 point of 6). */
		minStudentMargin: probability.default(0.2),
		/** At most this many pairs a prompt, largest margin first; the paper keeps all. */
		maxPerPrompt: z.int().positive().optional(),
		/** Pairs replayed from iterations t−1, t−2, …, as shares of the new ones (the paper: at most .3 and .15). */
		replay: z.array(probability).default([]),
	}),
	training: training.extend({
		/** Passes over the iteration's pairs. */
		epochs: z.number().positive().default(1),
		/** Eq. 13 (`dpo`), Eq. 8 (`dno-soft`), IPO or SPPO. */
		loss: z.enum(PAIR_LOSSES).default("dpo"),
		/** Train a LoRA adapter instead of all weights, the baselines' too. */
		lora: z
			.strictObject({
				/** r. */
				rank: z.int().positive(),
				/** The low-rank product is scaled by alpha / rank. */
				alpha: z.number().positive(),
				/** Linear layers to adapt. */
				targets: z
					.array(z.enum(ALL_LINEAR))
					.nonempty()
					.default([...ALL_LINEAR]),
			})
			.optional(),
		/** Puts single pairs in random order, or prompts, whose pairs then come together and share what they can. */
		shuffle: z.enum(["examples", "prompts"]).default("examples"),
	}),
	/** The chart's other lines, trained on the same prompts for as many steps; overrides of `training`. */
	baselines: z
		.strictObject({
			sft: trainingFields.partial().optional(),
			offlineDpo: trainingFields.partial().optional(),
			offlineKto: trainingFields.partial().optional(),
		})
		.default({}),
	evaluation: z.strictObject({
		/** Samples a held-out prompt; the win rate against the initial policy needs 2 for an independent opponent. */
		samples: z.int().positive().default(2),
		temperature: z.number().nonnegative().default(1),
		topP: z.number().positive().max(1).default(1),
		/** As in `sampling`, which does not decide it: the policy that is kept has float32 weights, and that is evaluated. */
		weights: weightType.default("float32"),
		/** Use only the first so many held-out and validation prompts. */
		maxPrompts: z.int().positive().optional(),
		maxValidationPrompts: z.int().positive().optional(),
	}),
	engine: z.discriminatedUnion("kind", [
		z.strictObject({
			kind: z.literal("onnx"),
			/** Threads of ONNX Runtime; results are reproducible for a given number. */
			threads: z.int().positive().default(2),
			/**
			 * A GPU step that is silent for so long is given to another host. ONNX Runtime holds the event loop while it runs, so
			 * this has to be well above the seconds of one micro-batch.
			 */
			heartbeatSeconds: z.int().min(10).default(30),
		}),
	]),
	/** What `--quick` changes: `dotted.key: value`. */
	quick: z.record(z.string(), z.json()).default({}),
});

/** A config as it is after defaults have been filled in. */
export type CampaignConfig = z.infer<typeof campaignConfig>;
/** A config as the user writes it. */
export type CampaignConfigInput = z.input<typeof campaignConfig>;

/** Types a config file's default export. */
export function defineConfig(config: CampaignConfigInput): CampaignConfigInput {
	return config;
}
