import { DnoError } from "../../core/errors.ts";
import {
	ARCHITECTURES,
	type Architecture,
	type ArchitectureName,
	architectureOf,
	isSupported,
	type Projection,
} from "./architectures.ts";
import { formatRopeScaling, parseRopeScaling, type RopeScaling } from "./rope.ts";

/** Element types of checkpoints, as config.json names them (torch's names). */
const DTYPES = ["float32", "float16", "bfloat16"] as const;
export type Dtype = (typeof DTYPES)[number];

/** What we read of the `config.json` of a model of the Llama family (see architectures.ts). */
export interface LlamaConfig {
	readonly architecture: ArchitectureName;
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
	readonly ropeScaling: RopeScaling | undefined;
	/**
	 * Longest sequence in tokens, prompt and response; at most `slidingWindow`, since within its window a model with
	 * sliding attention is one with full attention, and the engine has no other.
	 */
	readonly maxPositions: number;
	readonly slidingWindow: number | undefined;
	/** Projections with a bias. */
	readonly biases: readonly Projection[];
	/** Whether the output projection is the embedding itself. */
	readonly tieEmbeddings: boolean;
	/** Standard deviation of random weights. */
	readonly initializerRange: number;
	/** Element type of the checkpoint; in memory weights are float32. */
	readonly dtype: Dtype;
	readonly bosTokenId: number | undefined;
	/** Any of these ends a response; at least one. */
	readonly eosTokenIds: readonly number[];
	readonly padTokenId: number | undefined;
}

/**
 * Reads a parsed `config.json`; fields that may be missing get the defaults of transformers' configuration classes.
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
	const name: unknown = Array.isArray(raw.architectures) ? raw.architectures[0] : undefined;
	if (!isSupported(name)) {
		const mend = `Use a model with one of: ${Object.keys(ARCHITECTURES).join(", ")}`;
		throw new DnoError({ what: "unsupported architecture", where, got: name ?? raw.model_type, mend });
	}
	refuseVariations(raw, where);
	const architecture = architectureOf(name);
	const { defaults } = architecture;
	const positive = (key: string, fallback?: number) => readNumber(raw, key, where, fallback);
	const rope = (raw.rope_parameters ?? {}) as Record<string, unknown>;
	const heads = positive("num_attention_heads");
	const hiddenSize = positive("hidden_size");
	const vocabSize = positive("vocab_size");
	const maxPositions = positive("max_position_embeddings", defaults.max_position_embeddings);
	const slidingWindow = readSlidingWindow(raw, architecture, where);
	const config: LlamaConfig = {
		architecture: name,
		vocabSize,
		hiddenSize,
		intermediateSize: positive("intermediate_size"),
		layers: positive("num_hidden_layers"),
		heads,
		kvHeads: positive("num_key_value_heads", defaults.num_key_value_heads ?? heads),
		headDim: positive("head_dim", defaults.head_dim ?? hiddenSize / heads),
		rmsNormEpsilon: positive("rms_norm_eps", 1e-6),
		ropeTheta: "rope_theta" in rope ? readNumber(rope, "rope_theta", where) : positive("rope_theta", 10000),
		ropeScaling: parseRopeScaling(raw, where),
		maxPositions: Math.min(maxPositions, slidingWindow ?? maxPositions),
		slidingWindow,
		biases: readBiases(raw, architecture),
		tieEmbeddings: raw.tie_word_embeddings === true,
		initializerRange: positive("initializer_range", 0.02),
		dtype: DTYPES.find((dtype) => dtype === (raw.dtype ?? raw.torch_dtype)) ?? "float32",
		bosTokenId: readTokenIds(raw.bos_token_id)[0],
		eosTokenIds: readEosTokenIds(raw, { vocabSize }, where),
		padTokenId: readTokenIds(raw.pad_token_id)[0],
	};
	checkSizes(config, where);
	return config;
}

/** The `config.json` that {@link parseLlamaConfig} reads back and transformers loads. */
export function formatLlamaConfig(config: LlamaConfig): Record<string, unknown> {
	const { modelType, optionalBiases, slidingWindow } = architectureOf(config.architecture);
	const hasBiases = (projections: readonly Projection[]) => projections.every((name) => config.biases.includes(name));
	return {
		architectures: [config.architecture],
		model_type: modelType,
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
		...(config.ropeScaling && { rope_scaling: formatRopeScaling(config.ropeScaling) }),
		max_position_embeddings: config.maxPositions,
		tie_word_embeddings: config.tieEmbeddings,
		initializer_range: config.initializerRange,
		...Object.fromEntries(Object.entries(optionalBiases).map(([key, biased]) => [key, hasBiases(biased)])),
		...(slidingWindow !== false && { sliding_window: config.slidingWindow ?? null }),
		...(typeof slidingWindow === "string" && { [slidingWindow]: config.slidingWindow !== undefined }),
		bos_token_id: config.bosTokenId ?? null,
		eos_token_id: config.eosTokenIds.length === 1 ? config.eosTokenIds[0] : config.eosTokenIds,
		pad_token_id: config.padTokenId ?? null,
		torch_dtype: config.dtype,
	};
}

function refuseVariations(raw: Record<string, unknown>, where: string): void {
	const refuse = (key: string, got: unknown) => {
		throw new DnoError({ what: `unsupported ${key}`, where, got, mend: "Use a plain model of the Llama family" });
	};
	if (raw.hidden_act !== undefined && raw.hidden_act !== "silu") refuse("hidden_act", raw.hidden_act);
	if (raw.quantization_config !== undefined) refuse("quantization_config", raw.quantization_config);
	const rope = raw.rope_parameters as Record<string, unknown> | null | undefined;
	const partial = raw.partial_rotary_factor ?? rope?.partial_rotary_factor ?? 1;
	if (partial !== 1) refuse("partial_rotary_factor", partial);
}

function readSlidingWindow(raw: Record<string, unknown>, architecture: Architecture, where: string) {
	const { slidingWindow, defaults } = architecture;
	const counts = typeof slidingWindow === "string" ? raw[slidingWindow] === true : slidingWindow;
	if (!counts || raw.sliding_window === null) return undefined;
	return readNumber(raw, "sliding_window", where, defaults.sliding_window);
}

/** In the order of the description, so that what is read equals what was written. */
function readBiases(raw: Record<string, unknown>, { biases, optionalBiases }: Architecture): Projection[] {
	return [...biases, ...Object.entries(optionalBiases).flatMap(([key, biased]) => (raw[key] === true ? biased : []))];
}

function readNumber(raw: Record<string, unknown>, key: string, where: string, fallback?: number): number {
	const value = raw[key] ?? fallback;
	if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
	throw new DnoError({ what: `${key} is not a positive number`, where, got: value });
}

/**
 * `eos_token_id` of a parsed config.json or generation_config.json; empty where there is none.
 *
 * @throws DnoError where one lies outside the vocabulary
 */
export function readEosTokenIds(json: unknown, { vocabSize }: { readonly vocabSize: number }, where: string): number[] {
	const ids = readTokenIds((json as { eos_token_id?: unknown } | null)?.eos_token_id);
	const outside = ids.find((id) => id >= vocabSize);
	if (outside === undefined) return ids;
	throw new DnoError({ what: "eos_token_id lies outside the vocabulary", where, got: outside });
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
}
