import type { WeightType } from "../core/config.ts";
import type { PairLoss } from "../core/losses.ts";
import type { RepetitionRule } from "../core/repetition.ts";

/** How the policy is sampled; the same names as in transformers' GenerationConfig. */
export interface SamplingSettings {
	/** Softmax temperature; 0 is greedy decoding. */
	readonly temperature: number;
	/** Nucleus mass in (0, 1]; 1 keeps the whole distribution. */
	readonly topP: number;
	/** Draw from so many of the most likely tokens only; absent: from all. */
	readonly topK?: number | undefined;
	/** Draw only tokens at least so likely, as a share of the most likely one's probability; 0 is off. */
	readonly minP?: number | undefined;
	/** Scores of tokens that occurred in prompt or response are divided (negative ones multiplied) by it; 1 is off. */
	readonly repetitionPenalty?: number | undefined;
	/** A response ends with the token that completes one of these texts; it stays in the response. */
	readonly stop?: readonly string[] | undefined;
	/** Ends a response that has become a loop. */
	readonly repetition?: RepetitionRule | undefined;
	/** Longest response in tokens, the end-of-sequence token included. */
	readonly maxTokens: number;
}

/** One prompt and how many responses to draw for it. */
export interface SampleRequest {
	readonly promptTokens: readonly number[];
	/** One seed a response, so that a response does not depend on its neighbours in the batch. */
	readonly seeds: readonly number[];
}

/** One sampled response; `tokens` holds the end-of-sequence token where the policy emitted it. */
export interface SampledResponse {
	readonly tokens: number[];
	/** Sum over `tokens` of log π(token | prefix) at temperature 1, in nats. */
	readonly logProbability: number;
	/** The terms of that sum. */
	readonly tokenLogProbabilities: number[];
	/** `stop`: the end-of-sequence token or a stop text; `repetition`: {@link SamplingSettings.repetition}. */
	readonly finishReason: "stop" | "length" | "repetition";
}

/** `tokens` counts those sampled or trained on since the call began. */
type Progress = (done: number, total: number, tokens?: number) => void;

export interface RunOptions {
	readonly onProgress?: Progress;
	/** Aborting ends the call with the signal's reason, between two steps. */
	readonly signal?: AbortSignal;
}

export interface SampleOptions extends RunOptions {
	/** Called with every token as it is drawn; `index` counts the responses of a request. */
	readonly onToken?: (of: { readonly request: number; readonly index: number }, token: number) => void;
	/** Called with a request's responses as soon as the last of them has ended; not for a request without seeds. */
	readonly onFinished?: (request: number, responses: readonly SampledResponse[]) => void;
}

/** Draws responses from one policy. */
export interface Sampler {
	/** Returns, for request i, `requests[i].seeds.length` responses in the order of the seeds. */
	sample(
		requests: readonly SampleRequest[],
		settings: SamplingSettings,
		options?: SampleOptions,
	): Promise<SampledResponse[][]>;
	dispose(): Promise<void>;
}

/** A prompt and a response as token ids; the response ends with the end-of-sequence token. */
interface TokenSequence {
	readonly prompt: readonly number[];
	readonly response: readonly number[];
}

/** A chosen and a rejected response to one prompt, as token ids. */
export interface PreferenceTokens {
	readonly prompt: readonly number[];
	readonly chosen: readonly number[];
	readonly rejected: readonly number[];
	/** r̂ of both responses in [0, 1]; DNO soft and SPPO need them. */
	readonly winRates?: { readonly chosen: number; readonly rejected: number };
}

/** What one loss is trained on; `dno-soft` is Eq. 8, the other pair losses are named as in TRL. */
export type TrainingExamples =
	| { readonly loss: "sft"; readonly examples: readonly TokenSequence[] }
	| { readonly loss: PairLoss; readonly examples: readonly PreferenceTokens[] }
	| { readonly loss: "kto"; readonly examples: readonly (TokenSequence & { readonly desirable: boolean })[] };

/** A LoRA adapter's shape, in PEFT's terms. */
export interface LoraSettings {
	/** r. */
	readonly rank: number;
	/** The low-rank product is scaled by alpha / rank. */
	readonly alpha: number;
	/** Linear layers by name, e.g. `q_proj`; in every layer of the decoder. */
	readonly targetModules: readonly string[];
}

export interface TrainingSettings {
	/** AdamW's peak learning rate. */
	readonly learningRate: number;
	readonly schedule: "constant" | "linear" | "cosine";
	readonly warmupSteps: number;
	readonly weightDecay: number;
	/** Global gradient norm above which gradients are scaled down. */
	readonly maxGradNorm: number;
	/** Examples a step (a pair is one example). */
	readonly batchSize: number;
	/** Number of optimizer steps; the shuffled examples are cycled through as often as needed. */
	readonly steps: number;
	/** β of Eq. 13, IPO, SPPO and KTO; η of Eq. 8. */
	readonly beta: number;
	/**
	 * Weight of the chosen (KTO: desirable) responses' mean negative log-likelihood a token, added to the loss; 0 is Eq. 13
	 * as it stands.
	 */
	readonly nllWeight: number;
	/** KTO's weights of desirable and undesirable examples. */
	readonly desirableWeight: number;
	readonly undesirableWeight: number;
	/** Seeds the order of the examples and a new adapter. */
	readonly seed: number;
	/**
	 * What is put in random order: single examples (the default), or prompts, so that all pairs of a prompt come together
	 * and share the computation of the prompt and of every response that occurs in several of them.
	 */
	readonly shuffle?: "examples" | "prompts";
	/**
	 * Tokens, padding included, that pass forward and backward at once; a larger batch is split and its gradients are
	 * summed. By default as many as take about 3 GB of activations.
	 */
	readonly microBatchTokens?: number | undefined;
	/** Train a LoRA adapter of this shape instead of all weights; a policy that has one goes on with it. */
	readonly lora?: LoraSettings;
	/** Write a checkpoint every this many steps. */
	readonly checkpointEvery: number;
}

export interface TrainingStep {
	readonly step: number;
	readonly loss: number;
	readonly gradNorm: number;
	readonly learningRate: number;
	/** Mean of β·(d_w − d_l); pair losses only. */
	readonly rewardMargin?: number;
	/** Share of pairs with d_w > d_l; pair losses only. */
	readonly rewardAccuracy?: number;
	/** Means of log π(y|x) over the batch's chosen and rejected responses; pair losses only. */
	readonly chosenLogProbability?: number;
	readonly rejectedLogProbability?: number;
	/**
	 * Mean of log π(y|x)/π_ref(y|x) over the batch's responses: the k1 estimate of KL(π‖π_ref) (Schulman, 2020), as if π had
	 * sampled them. It may be negative. Absent for SFT.
	 */
	readonly kl?: number;
}

export interface TrainingResult {
	readonly steps: readonly TrainingStep[];
	/** Tokens of prompt and response trained on; a prompt counts once for the responses that share it. */
	readonly tokens: number;
}

/** A checkpoint on this machine's disk. */
export interface LocalCheckpoint {
	/** Its path, whether it is there or not. */
	readonly file: string;
	/** Optimizer steps in it; 0 where there is none, or none that can be read. */
	readonly steps: number;
}

export interface TrainOptions extends RunOptions {
	/** Called after each checkpoint that was written. */
	readonly onCheckpoint?: () => void;
}

/** Trains one policy against a fixed reference: π_t itself for DNO (promise 6), π_1 for the offline baselines. */
export interface Trainer {
	/**
	 * Trains from the policy in `modelDir` (weights, and the LoRA adapter it may have) with the policy in `referenceDir` as the reference (often the same folder;
	 * the SFT loss does not read it) and writes the new policy, a Hugging Face folder, to `outDir`.
	 * Checkpoints live in `checkpointDir`; a call that finds one there goes on from it and ends with the same bits.
	 */
	train(
		job: {
			readonly modelDir: string;
			readonly referenceDir: string;
			readonly outDir: string;
			readonly checkpointDir: string;
		},
		examples: TrainingExamples,
		settings: TrainingSettings,
		options?: TrainOptions,
	): Promise<TrainingResult>;
	/** The checkpoint of a folder. */
	checkpointIn(checkpointDir: string): LocalCheckpoint;
}

/** What a GPU worker loads a policy with. */
export interface Engine {
	readonly name: string;
	/** Everything besides model, data and seed that determines the numbers, e.g. `onnx-cpu/1.30.0/threads=2`. */
	readonly fingerprint: string;
	/**
	 * @param weights how the matrices of the model are held; in int8 it is the rounded policy that samples, and whose
	 * log-probabilities are told. Default: float32
	 */
	openSampler(modelDir: string, weights?: WeightType): Promise<Sampler>;
	openTrainer(): Trainer;
}
