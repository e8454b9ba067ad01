import type { GgufArchitecture } from "./config.ts";

/** Names outside of the layers. */
const OUTER: Readonly<Record<string, string>> = {
	token_embd: "model.embed_tokens",
	output_norm: "model.norm",
	output: "lm_head",
};
/** Names within a layer, after `blk.N.` there and `model.layers.N.` here. */
const INNER: Readonly<Record<string, string>> = {
	attn_norm: "input_layernorm",
	attn_q: "self_attn.q_proj",
	attn_k: "self_attn.k_proj",
	attn_v: "self_attn.v_proj",
	attn_output: "self_attn.o_proj",
	attn_q_norm: "self_attn.q_norm",
	attn_k_norm: "self_attn.k_norm",
	ffn_norm: "post_attention_layernorm",
	ffn_gate: "mlp.gate_proj",
	ffn_up: "mlp.up_proj",
	ffn_down: "mlp.down_proj",
};

/** The name that a tensor of llama.cpp has in a Hugging Face checkpoint; undefined where it has none. */
export function checkpointName(name: string): string | undefined {
	const inner = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
	if (inner) return INNER[inner[2]!] && `model.layers.${inner[1]}.${INNER[inner[2]!]}.${inner[3]}`;
	const outer = /^(\w+)\.weight$/.exec(name);
	return outer ? OUTER[outer[1]!] && `${OUTER[outer[1]!]}.weight` : undefined;
}

/**
 * Heads whose rows llama.cpp has permuted in a tensor; undefined where it has not. It does so to the queries and keys of the
 * llama architecture, whose rotary embedding it then applies to neighbours instead of halves.
 */
export function permutedHeads(
	architecture: GgufArchitecture,
	name: string,
	{ heads, kvHeads }: { readonly heads: number; readonly kvHeads: number },
): number | undefined {
	if (architecture !== "llama") return undefined;
	const which = /^blk\.\d+\.attn_([qk])\.(weight|bias)$/.exec(name)?.[1];
	return which === "q" ? heads : which === "k" ? kvHeads : undefined;
}

/**
 * Puts permuted rows back: row 2i + s of a head in llama.cpp is row s·headDim/2 + i of it in Hugging Face.
 *
 * @param bytes rows of equal length, in any dtype
 */
export function unpermuteRows(bytes: Uint8Array, rows: number, heads: number): Uint8Array {
	const rowBytes = bytes.length / rows;
	const half = rows / heads / 2;
	const out = new Uint8Array(bytes.length);
	for (let head = 0; head < heads; head++) {
		for (let row = 0; row < 2 * half; row++) {
			const from = (head * 2 * half + row) * rowBytes;
			const to = (head * 2 * half + (row % 2) * half + (row >> 1)) * rowBytes;
			out.set(bytes.subarray(from, from + rowBytes), to);
		}
	}
	return out;
}
