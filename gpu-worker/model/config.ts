import { DnoError } from "../../core/errors.ts";

/** What we read of a Hugging Face `config.json` with architecture `LlamaForCausalLM`. */
export interface LlamaConfig {
	readonly vocabSize: number;
	readonly hiddenSize: number;
	readonly intermediateSize: number;
	readonly layers: number;
	readonly heads: number;
	/** Heads of keys and values; divides `heads`. */
	readonly kvHeads: number;
	/** Width of one head; even. */
	readonly headDim: number;
	readonly rmsNormEpsilon: number;
	/** Base of the rotary frequencies. */
	readonly ropeTheta: number;
	/** Longest sequence in tokens, prompt and response. */
	readonly maxPositions: number;
	/** Whether the output projection is the embedding itself. */
	readonly tieEmbeddings: boolean;
	/** Standard deviation of random weights. */
	readonly initializerRange: number;
	readonly bosTokenId: number | undefined;
	/** Any of these ends a response; at least one. */
	readonly eosTokenIds: readonly number[];
	readonly padTokenId: number | undefined;
}

const SUPPORTED = ["LlamaForCausalLM"];

/**
 * Reads a parsed `config.json`; fields that may be missing get the defaults of transformers' LlamaConfig.
 *
 * @param where the file's name for error messages
 * @throws DnoError for another architecture, an unsupported variation or sizes that do not fit each other
 */
export function parseLlamaConfig(json: unknown, where: string): LlamaConfig {
	if (typeof json !== "object" || json === null || Array.isArray(json)) {
		throw new DnoError({
			what: "not a model configuration",
			where,
			got: json,
			mend: "Give a Hugging Face config.json",
		});
	}
	const raw = json as Record<string, unknown>;
	const architecture = Array.isArray(raw.architectures) ? raw.architectures[0] : undefined;
	if (!SUPPORTED.includes(String(architecture))) {
		const mend = `Use a model with one of: ${SUPPORTED.join(", ")}`;
		throw new DnoError({ what: "unsupported architecture", where, got: architecture ?? raw.model_type, mend });
	}
	refuseVariations(raw, where);
	const positive = (key: string, fallback?: number) => readNumber(raw, key, where, fallback);
	const rope = (raw.rope_parameters ?? {}) as Record<string, unknown>;
	const heads = positive("num_attention_heads");
	const hiddenSize = positive("hidden_size");
	const config: LlamaConfig = {
		vocabSize: positive("vocab_size"),
		hiddenSize,
		intermediateSize: positive("intermediate_size"),
		layers: positive("num_hidden_layers"),
		heads,
		kvHeads: positive("num_key_value_heads", heads),
		headDim: positive("head_dim", hiddenSize / heads),
		rmsNormEpsilon: positive("rms_norm_eps", 1e-6),
		ropeTheta: "rope_theta" in rope ? readNumber(rope, "rope_theta", where) : positive("rope_theta", 10000),
		maxPositions: positive("max_position_embeddings", 2048),
		tieEmbeddings: raw.tie_word_embeddings === true,
		initializerRange: positive("initializer_range", 0.02),
		bosTokenId: readTokenIds(raw.bos_token_id)[0],
		eosTokenIds: readTokenIds(raw.eos_token_id),
		padTokenId: readTokenIds(raw.pad_token_id)[0],
	};
	checkSizes(config, where);
	return config;
}

/** The `config.json` that {@link parseLlamaConfig} reads back and transformers loads. */
export function formatLlamaConfig(config: LlamaConfig): Record<string, unknown> {
	return {
		architectures: ["LlamaForCausalLM"],
		model_type: "llama",
		vocab_size: config.vocabSize,
		hidden_size: config.hiddenSize,
		intermediate_size: config.intermediateSize,
		num_hidden_layers: config.layers,
		num_attention_heads: config.heads,
		num_key_value_heads: config.kvHeads,
		head_dim: config.headDim,
		hidden_act: "silu",
		rms_norm_eps: config.rmsNormEpsilon,
		rope_theta: config.ropeTheta,
		max_position_embeddings: config.maxPositions,
		tie_word_embeddings: config.tieEmbeddings,
		initializer_range: config.initializerRange,
		attention_bias: false,
		mlp_bias: false,
		bos_token_id: config.bosTokenId ?? null,
		eos_token_id: config.eosTokenIds.length === 1 ? config.eosTokenIds[0] : config.eosTokenIds,
		pad_token_id: config.padTokenId ?? null,
		torch_dtype: "float32",
	};
}

function refuseVariations(raw: Record<string, unknown>, where: string): void {
	const refuse = (key: string, got: unknown) => {
		throw new DnoError({ what: `unsupported ${key}`, where, got, mend: "Use a plain Llama model" });
	};
	for (const key of ["attention_bias", "mlp_bias"]) if (raw[key] === true) refuse(key, true);
	if (raw.hidden_act !== undefined && raw.hidden_act !== "silu") refuse("hidden_act", raw.hidden_act);
	if (raw.quantization_config !== undefined) refuse("quantization_config", raw.quantization_config);
	for (const key of ["rope_scaling", "rope_parameters"]) {
		const rope = raw[key] as Record<string, unknown> | null | undefined;
		const kind = rope?.rope_type ?? rope?.type ?? "default";
		if (kind !== "default") refuse(`${key}.rope_type`, kind);
	}
}

function readNumber(raw: Record<string, unknown>, key: string, where: string, fallback?: number): number {
	const value = raw[key] ?? fallback;
	if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
	throw new DnoError({ what: `${key} is not a positive number`, where, got: value });
}

function readTokenIds(value: unknown): number[] {
	return (Array.isArray(value) ? value : [value]).filter((id) => Number.isInteger(id) && id >= 0);
}

function checkSizes(config: LlamaConfig, where: string): void {
	const sizes = ["vocabSize", "hiddenSize", "intermediateSize", "layers", "heads", "kvHeads", "headDim"] as const;
	for (const key of [...sizes, "maxPositions"] as const) {
		if (!Number.isInteger(config[key])) throw new DnoError({ what: `${key} is not whole`, where, got: config[key] });
	}
	if (config.heads % config.kvHeads !== 0) {
		const got = [config.heads, config.kvHeads];
		throw new DnoError({ what: "num_key_value_heads does not divide num_attention_heads", where, got });
	}
	if (config.headDim % 2 !== 0) throw new DnoError({ what: "head_dim is odd", where, got: config.headDim });
	if (config.eosTokenIds.length === 0) {
		const mend = "Set it to the id of the token that ends an answer";
		throw new DnoError({ what: "eos_token_id names no token", where, mend });
	}
	const outside = config.eosTokenIds.find((id) => id >= config.vocabSize);
	if (outside !== undefined)
		throw new DnoError({ what: "eos_token_id lies outside the vocabulary", where, got: outside });
}
