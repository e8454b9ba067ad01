import { byteLevelMetadata } from "../../../bench/golden/byte-level.ts";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import type { LlamaConfig } from "../../../gpu-worker/model/config.ts";
import type { WeightArrays } from "../../../gpu-worker/model/folder.ts";
import { randomWeights } from "../../../gpu-worker/model/init.ts";
import { parameterSpecs } from "../../../gpu-worker/model/parameters.ts";
import type { GgufEntry } from "./gguf-writer.ts";

const tokenizer = byteLevelMetadata("smollm");

/** A tiny Llama, and the same as llama.cpp's conversion writes it in F32. */
export function tinyGguf(): {
	readonly config: LlamaConfig;
	readonly weights: WeightArrays;
	readonly metadata: Record<string, unknown>;
	readonly tensors: GgufEntry[];
} {
	const config = { ...tinyConfig(true), vocabSize: (tokenizer["tokenizer.ggml.tokens"] as string[]).length };
	const weights = randomWeights(config, 5);
	const metadata = {
		"general.architecture": "llama",
		"llama.block_count": config.layers,
		"llama.context_length": config.maxPositions,
		"llama.embedding_length": config.hiddenSize,
		"llama.feed_forward_length": config.intermediateSize,
		"llama.attention.head_count": config.heads,
		"llama.attention.head_count_kv": config.kvHeads,
		"llama.attention.layer_norm_rms_epsilon": config.rmsNormEpsilon,
		"llama.rope.dimension_count": config.headDim,
		"llama.rope.freq_base": config.ropeTheta + 0.5,
		...tokenizer,
	};
	const tensors = parameterSpecs(config).map(({ name, shape }): GgufEntry => {
		const heads = name.includes("q_proj") ? config.heads : name.includes("k_proj") ? config.kvHeads : undefined;
		const data = heads === undefined ? weights.get(name)! : neighbours(weights.get(name)!, shape, heads);
		return {
			name: ggufName(name),
			shape,
			type: 0,
			data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
		};
	});
	return { config: { ...config, ropeTheta: config.ropeTheta + 0.5 }, weights, metadata, tensors };
}

const NAMES: readonly [string, string][] = [
	["model.embed_tokens", "token_embd"],
	["model.norm", "output_norm"],
	["model.layers", "blk"],
	["input_layernorm", "attn_norm"],
	["post_attention_layernorm", "ffn_norm"],
	["self_attn.o_proj", "attn_output"],
	["self_attn.q_proj", "attn_q"],
	["self_attn.k_proj", "attn_k"],
	["self_attn.v_proj", "attn_v"],
	["mlp.gate_proj", "ffn_gate"],
	["mlp.up_proj", "ffn_up"],
	["mlp.down_proj", "ffn_down"],
];

function ggufName(name: string): string {
	return NAMES.reduce((text, [theirs, ours]) => text.replace(theirs, ours), name);
}

/** Rows that rotate together side by side, as llama.cpp wants them. */
function neighbours(data: Float32Array, [rows, width]: readonly number[], heads: number): Float32Array {
	const out = new Float32Array(data.length);
	const half = rows! / heads / 2;
	for (let head = 0; head < heads; head++) {
		for (let i = 0; i < half; i++) {
			for (const side of [0, 1]) {
				const from = (head * 2 * half + side * half + i) * width!;
				out.set(data.subarray(from, from + width!), (head * 2 * half + 2 * i + side) * width!);
			}
		}
	}
	return out;
}
