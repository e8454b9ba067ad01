/** How the policy is sampled; the same names as in transformers' GenerationConfig. */
export interface SamplingSettings {
	/** Softmax temperature; 0 is greedy decoding. */
	readonly temperature: number;
	/** Nucleus mass in (0, 1]; 1 keeps the whole distribution. */
	readonly topP: number;
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
	readonly finishReason: "stop" | "length";
}

type Progress = (done: number, total: number) => void;

export interface RunOptions {
	readonly onProgress?: Progress;
	/** Aborting ends the call with the signal's reason, between two steps. */
	readonly signal?: AbortSignal;
}

/** Draws responses from one policy. */
export interface Sampler {
	/** Returns, for request i, `requests[i].seeds.length` responses in the order of the seeds. */
	sample(
		requests: readonly SampleRequest[],
		settings: SamplingSettings,
		options?: RunOptions,
	): Promise<SampledResponse[][]>;
	dispose(): Promise<void>;
}

/** A prompt and a response as token ids; the response ends with the end-of-sequence token. */
interface TokenSequence {
	readonly prompt: readonly number[];
	readonly response: readonly number[];
}

/** What one loss is trained on. */
export type TrainingExamples =
	| { readonly loss: "sft"; readonly examples: readonly TokenSequence[] }
	| {
			readonly loss: "dpo";
			readonly examples: readonly {
				readonly prompt: readonly number[];
				readonly chosen: readonly number[];
				readonly rejected: readonly number[];
			}[];
	  }
	| { readonly loss: "kto"; readonly examples: readonly (TokenSequence & { readonly desirable: boolean })[] };

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
	/** β of Eq. 13 and of KTO. */
	readonly beta: number;
	/**
	 * Weight of the chosen (KTO: desirable) responses' mean negative log-likelihood a token, added to the loss; 0 is Eq. 13
	 * as it stands.
	 */
	readonly nllWeight: number;
	/** KTO's weights of desirable and undesirable examples. */
	readonly desirableWeight: number;
	readonly undesirableWeight: number;
	/** Seeds the order of the examples. */
	readonly seed: number;
	/** Write a checkpoint every this many steps. */
	readonly checkpointEvery: number;
}

export interface TrainingStep {
	readonly step: number;
	readonly loss: number;
	readonly gradNorm: number;
	readonly learningRate: number;
	/** Mean of β·(d_w − d_l) for DPO; absent for the other losses. */
	readonly rewardMargin?: number;
	/** Share of pairs with d_w > d_l for DPO; absent for the other losses. */
	readonly rewardAccuracy?: number;
}

export interface TrainingResult {
	readonly steps: readonly TrainingStep[];
	/** Tokens of prompt and response passed through forward and backward. */
	readonly tokens: number;
}

/** Trains one policy against a fixed reference: π_t itself for DNO (promise 6), π_1 for the offline baselines. */
export interface Trainer {
	/**
	 * Trains from the weights in `modelDir` with the policy in `referenceDir` as the reference (often the same folder;
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
		options?: RunOptions,
	): Promise<TrainingResult>;
}

/** What a GPU worker loads a policy with. */
export interface Engine {
	readonly name: string;
	/** Everything besides model, data and seed that determines the numbers, e.g. `onnx-cpu/1.30.0/threads=2`. */
	readonly fingerprint: string;
	openSampler(modelDir: string): Promise<Sampler>;
	openTrainer(): Trainer;
}
