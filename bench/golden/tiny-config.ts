import type { LlamaConfig } from "../../gpu-worker/model/config.ts";

/** A model small enough that all its gradients fit a file; weights are large, so that no term of a gradient is negligible. */
export function tinyConfig(tieEmbeddings: boolean): LlamaConfig {
	return {
		architecture: "LlamaForCausalLM",
		vocabSize: 20,
		hiddenSize: 12,
		intermediateSize: 16,
		layers: 2,
		heads: 4,
		kvHeads: 2,
		headDim: 16,
		rmsNormEpsilon: 1e-5,
		ropeTheta: 10000,
		ropeScaling: undefined,
		maxPositions: 64,
		slidingWindow: undefined,
		biases: [],
		tieEmbeddings,
		initializerRange: 0.25,
		dtype: "float32",
		bosTokenId: undefined,
		eosTokenIds: [1],
		padTokenId: 0,
	};
}
