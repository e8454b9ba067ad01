import type { LlamaConfig } from "../../gpu-worker/model/config.ts";

/** A model small enough that all its gradients fit a file; weights are large, so that no term of a gradient is negligible. */
export function tinyConfig(tieEmbeddings: boolean): LlamaConfig {
	return {
		vocabSize: 20,
		hiddenSize: 12,
		intermediateSize: 16,
		layers: 2,
		heads: 4,
		kvHeads: 2,
		headDim: 16,
		rmsNormEpsilon: 1e-5,
		ropeTheta: 10000,
		maxPositions: 64,
		tieEmbeddings,
		initializerRange: 0.25,
		bosTokenId: undefined,
		eosTokenIds: [1],
		padTokenId: 0,
	};
}
