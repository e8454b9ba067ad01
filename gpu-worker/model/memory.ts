import { type AdapterConfig, adaptedSpecs, adapterSpecs } from "./adapter.ts";
import type { LlamaConfig } from "./config.ts";
import { elementCount, type ParameterSpec, parameterCount } from "./parameters.ts";

const FLOAT_BYTES = 4;
/**
 * Activations that a micro-batch may take where no size is set, in bytes. Not more: a micro-batch holds the event loop, and with
 * it the heartbeats of its step.
 */
const ACTIVATION_BYTES = 3e9;
/** Row length that the estimate of attention's activations takes for granted. */
const TYPICAL_LENGTH = 512;

/** What the backward pass keeps for one token, in bytes: inputs of the layers' products and of their non-linearities. */
function activationBytes({ layers, hiddenSize, intermediateSize, heads, kvHeads, headDim }: LlamaConfig): number {
	const attention = 2 * (heads + 2 * kvHeads) * headDim + 2 * heads * TYPICAL_LENGTH;
	return FLOAT_BYTES * layers * (5 * hiddenSize + attention + 6 * intermediateSize);
}

/** Tokens whose activations take about {@link ACTIVATION_BYTES}; depends on the model only, so that results do too. */
export function defaultMicroBatchTokens(config: LlamaConfig): number {
	return Math.max(1, Math.floor(ACTIVATION_BYTES / activationBytes(config)));
}

/** Rows that are worked on together, and their length in tokens, prompt and response. */
export interface Workload {
	readonly batch: number;
	readonly length: number;
}

/**
 * Bytes that sampling takes beside the process itself: weights in float32 (without an embedding that is only looked up, in its
 * file), the cache of keys and values, and a row of scores, log-probabilities and probabilities a response.
 */
export function samplingBytes(config: LlamaConfig, { batch, length }: Workload): number {
	const { layers, kvHeads, headDim, vocabSize, hiddenSize, tieEmbeddings } = config;
	const weights = parameterCount(config) - (tieEmbeddings ? 0 : vocabSize * hiddenSize);
	const cache = 2 * layers * kvHeads * headDim * batch * length;
	return FLOAT_BYTES * (weights + cache + 3 * batch * vocabSize);
}

/**
 * Bytes that training takes beside the process itself: full fine-tuning holds weights, gradients, their sum over
 * micro-batches and Adam's two moments; LoRA holds the weights, a merged copy of those it adapts, and the same five arrays of
 * its factors. Both add the activations of a micro-batch.
 */
export function trainingBytes(config: LlamaConfig, { batch, length }: Workload, lora?: AdapterConfig): number {
	const count = (specs: readonly ParameterSpec[]) => specs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
	const tokens = Math.min(Math.max(length, defaultMicroBatchTokens(config)), batch * length);
	const held =
		lora === undefined
			? 5 * parameterCount(config)
			: parameterCount(config) + count(adaptedSpecs(config, lora)) + 5 * count(adapterSpecs(config, lora));
	return FLOAT_BYTES * held + activationBytes(config) * tokens;
}
