import { DnoError } from "../../../core/errors.ts";
import { type MetadataReader, readMetadata } from "./metadata.ts";
import type { GgufFile } from "./read.ts";
import { readRopeScaling } from "./rope-scaling.ts";

/** Architectures of GGUF files that can be read, and what transformers calls them; Mistral's files say llama. */
const ARCHITECTURES = {
	llama: "LlamaForCausalLM",
	qwen2: "Qwen2ForCausalLM",
	qwen3: "Qwen3ForCausalLM",
} as const;
export type GgufArchitecture = keyof typeof ARCHITECTURES;

/** The architecture of a GGUF file; @throws DnoError naming file and architecture where it is not supported. */
export function architectureOf(file: GgufFile): GgufArchitecture {
	const metadata = readMetadata(file);
	const name = metadata.optionalText("general.architecture");
	const supported = Object.keys(ARCHITECTURES).join(", ");
	const refuse = (what: string, got: unknown) =>
		new DnoError({ what, where: file.path, got, mend: `Use a model of one of: ${supported}` });
	if (name === undefined || !Object.hasOwn(ARCHITECTURES, name)) throw refuse("unsupported architecture", name);
	const experts = metadata.optionalNumber(`${name}.expert_count`) ?? 0;
	if (experts > 0) throw refuse("unsupported architecture: a mixture of experts", `${experts} experts`);
	return name as GgufArchitecture;
}

/**
 * The Hugging Face `config.json` of a GGUF file, from its metadata and the presence of tensors: without `output.weight` the
 * embeddings are tied.
 *
 * @param dtype what the weights are written as, in torch's words
 * @throws DnoError naming file and key for metadata that are missing or not supported
 */
export async function configOfGguf(file: GgufFile, dtype: string): Promise<Record<string, unknown>> {
	const architecture = architectureOf(file);
	const metadata = readMetadata(file);
	const own = (key: string) => `${architecture}.${key}`;
	const heads = metadata.number(own("attention.head_count"));
	const width = metadata.number(own("embedding_length"));
	const ropeWidth = metadata.optionalNumber(own("rope.dimension_count"));
	const headDim = metadata.optionalNumber(own("attention.key_length")) ?? ropeWidth ?? width / heads;
	if (ropeWidth !== undefined && ropeWidth !== headDim) {
		const what = "rotary embeddings over a part of the head are not supported";
		throw new DnoError({ what, where: file.path, got: { ropeWidth, headDim } });
	}
	const embedding = file.tensors.get("token_embd.weight");
	if (embedding === undefined) throw new DnoError({ what: "tensor token_embd.weight is missing", where: file.path });
	const ropeTheta = shortest(metadata.optionalNumber(own("rope.freq_base")) ?? 10000);
	const scaling = await readRopeScaling(file, architecture, { headDim, ropeTheta });
	return {
		architectures: [ARCHITECTURES[architecture]],
		model_type: architecture,
		vocab_size: embedding.shape[0],
		hidden_size: width,
		intermediate_size: metadata.number(own("feed_forward_length")),
		num_hidden_layers: metadata.number(own("block_count")),
		num_attention_heads: heads,
		num_key_value_heads: metadata.optionalNumber(own("attention.head_count_kv")) ?? heads,
		head_dim: headDim,
		hidden_act: "silu",
		rms_norm_eps: shortest(metadata.number(own("attention.layer_norm_rms_epsilon"))),
		rope_theta: ropeTheta,
		...(scaling !== undefined && { rope_scaling: scaling }),
		max_position_embeddings: metadata.number(own("context_length")),
		tie_word_embeddings: !file.tensors.has("output.weight"),
		...(architecture === "qwen2"
			? { use_sliding_window: false }
			: { attention_bias: file.tensors.has("blk.0.attn_q.bias") }),
		...(architecture === "llama" && { mlp_bias: false }),
		...tokenIds(metadata),
		torch_dtype: dtype,
	};
}

/** Ids of the special tokens, as config.json and generation_config.json have them. */
export function tokenIds(metadata: MetadataReader): Record<string, unknown> {
	const id = (name: string) => metadata.optionalNumber(`tokenizer.ggml.${name}_token_id`);
	// A chat model's turn may end with another token than a text does; any of them ends a response.
	const ends = [...new Set([id("eos"), id("eot"), id("eom")].filter((each) => each !== undefined))];
	return {
		bos_token_id: id("bos") ?? null,
		eos_token_id: ends.length > 1 ? ends : (ends[0] ?? null),
		pad_token_id: id("padding") ?? null,
	};
}

/** The shortest decimal that is the same float32: GGUF stores 1e-5 as 9.99999974e-6. */
function shortest(value: number): number {
	for (let digits = 1; digits < 9; digits++) {
		const text = Number(value.toPrecision(digits));
		if (Math.fround(text) === Math.fround(value)) return text;
	}
	return value;
}
