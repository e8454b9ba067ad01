/** The linear maps of a layer by their names in a checkpoint. */
export type Projection =
	| "self_attn.q_proj"
	| "self_attn.k_proj"
	| "self_attn.v_proj"
	| "self_attn.o_proj"
	| "mlp.gate_proj"
	| "mlp.up_proj"
	| "mlp.down_proj";

/**
 * What sets one member of the Llama family apart from the others: a pre-norm decoder with RMSNorm, rotary positions,
 * grouped queries and a SiLU-gated feed-forward block is common to all.
 */
export interface Architecture {
	/** `model_type` of its config.json. */
	readonly modelType: string;
	/** Projections that have a bias in every model. */
	readonly biases: readonly Projection[];
	/** Projections that have a bias where this key of config.json is true. */
	readonly optionalBiases: Readonly<Record<string, readonly Projection[]>>;
	/** Whether each head's query and key go through an RMSNorm before they are rotated. */
	readonly queryKeyNorm: boolean;
	/** The key of config.json that says whether `sliding_window` counts; `true`: it always does, `false`: it never does. */
	readonly slidingWindow: boolean | "use_sliding_window";
	/** Defaults of transformers' configuration class for keys that config.json may lack. */
	readonly defaults: {
		readonly max_position_embeddings: number;
		/** Absent: as many as query heads. */
		readonly num_key_value_heads?: number;
		/** Absent: hidden_size / num_attention_heads. */
		readonly head_dim?: number;
		readonly sliding_window?: number;
	};
}

const QUERY_KEY_VALUE: readonly Projection[] = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
const ATTENTION: readonly Projection[] = [...QUERY_KEY_VALUE, "self_attn.o_proj"];
const FEED_FORWARD: readonly Projection[] = ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"];

/** The architectures that the engine runs, by their names in config.json (transformers' class names). */
export const ARCHITECTURES = {
	// Llama 2 and 3, SmolLM2, TinyLlama
	LlamaForCausalLM: {
		modelType: "llama",
		biases: [],
		optionalBiases: { attention_bias: ATTENTION, mlp_bias: FEED_FORWARD },
		queryKeyNorm: false,
		slidingWindow: false,
		defaults: { max_position_embeddings: 2048 },
	},
	MistralForCausalLM: {
		modelType: "mistral",
		biases: [],
		optionalBiases: {},
		queryKeyNorm: false,
		slidingWindow: true,
		defaults: { max_position_embeddings: 131072, num_key_value_heads: 8, sliding_window: 4096 },
	},
	// Qwen 2 and 2.5
	Qwen2ForCausalLM: {
		modelType: "qwen2",
		biases: QUERY_KEY_VALUE,
		optionalBiases: {},
		queryKeyNorm: false,
		slidingWindow: "use_sliding_window",
		defaults: { max_position_embeddings: 32768, num_key_value_heads: 32, sliding_window: 4096 },
	},
	Qwen3ForCausalLM: {
		modelType: "qwen3",
		biases: [],
		optionalBiases: { attention_bias: ATTENTION },
		queryKeyNorm: true,
		slidingWindow: "use_sliding_window",
		defaults: { max_position_embeddings: 32768, num_key_value_heads: 32, head_dim: 128, sliding_window: 4096 },
	},
} as const satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof ARCHITECTURES;

/** The description of an architecture. */
export function architectureOf(name: ArchitectureName): Architecture {
	return ARCHITECTURES[name];
}

/** Whether config.json's `architectures[0]` is one that the engine runs. */
export function isSupported(name: unknown): name is ArchitectureName {
	return typeof name === "string" && Object.hasOwn(ARCHITECTURES, name);
}
