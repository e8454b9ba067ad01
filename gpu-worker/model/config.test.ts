import { describe, expect, test } from "vitest";
import { tinyArchitectures } from "../../bench/golden/tiny-architectures.ts";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { DnoError } from "../../core/errors.ts";
import { formatLlamaConfig, parseLlamaConfig } from "./config.ts";
import { parameterCount, parameterSpecs } from "./parameters.ts";

const json = formatLlamaConfig(tinyConfig(true));

describe("parseLlamaConfig", () => {
	test("reads back what formatLlamaConfig writes", () => {
		const bfloat16 = { ...tinyConfig(false), dtype: "bfloat16" } as const;
		for (const config of [tinyConfig(true), bfloat16, ...Object.values(tinyArchitectures)]) {
			expect(parseLlamaConfig(formatLlamaConfig(config), "config.json")).toEqual(config);
		}
	});

	test("takes transformers' defaults, and transformers 5's place for the rotary base", () => {
		const { num_key_value_heads: _, head_dim: __, rope_theta: ___, ...rest } = json;
		const rope_parameters = { rope_type: "default", rope_theta: 500 };
		const config = parseLlamaConfig({ ...rest, hidden_size: 16, rope_parameters, eos_token_id: [1, 2] }, "config.json");
		expect(config).toMatchObject({ kvHeads: 4, headDim: 4, ropeTheta: 500, eosTokenIds: [1, 2] });
	});

	test("reads Llama 3's scaling from transformers 5's place and from the one before", () => {
		const rope = { rope_type: "llama3", factor: 32, low_freq_factor: 1, high_freq_factor: 4 };
		const scaling = { type: "llama3", factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4 };
		const original = { original_max_position_embeddings: 8192 };
		for (const key of ["rope_scaling", "rope_parameters"]) {
			const config = parseLlamaConfig({ ...json, [key]: { ...rope, ...original } }, "config.json");
			expect(config.ropeScaling).toEqual({ ...scaling, originalMaxPositions: 8192 });
		}
	});

	test("a sliding window bounds the usable context, where the architecture has one and it is switched on", () => {
		const read = (architecture: string, more: object) =>
			parseLlamaConfig({ ...json, architectures: [architecture], ...more }, "config.json").maxPositions;
		expect(read("MistralForCausalLM", { sliding_window: 24 })).toBe(24);
		expect(read("MistralForCausalLM", { sliding_window: null })).toBe(64);
		expect(read("MistralForCausalLM", { sliding_window: 4096 })).toBe(64);
		expect(read("Qwen2ForCausalLM", { sliding_window: 24, use_sliding_window: false })).toBe(64);
		expect(read("Qwen2ForCausalLM", { sliding_window: 24, use_sliding_window: true })).toBe(24);
		expect(read("LlamaForCausalLM", { sliding_window: 24 })).toBe(64);
	});

	test.each<[string, unknown, string]>([
		["no object", [], "not a model configuration"],
		[
			"another architecture",
			{ ...json, architectures: ["GPT2LMHeadModel"] },
			'got "GPT2LMHeadModel". Use a model with one of: Llama',
		],
		["no architecture", { model_type: "bert" }, 'got "bert"'],
		["another activation", { ...json, hidden_act: "gelu" }, "unsupported hidden_act"],
		["quantised", { ...json, quantization_config: {} }, "unsupported quantization_config"],
		["another scaling", { ...json, rope_scaling: { rope_type: "yarn" } }, "unsupported rope_scaling.rope_type"],
		["half a scaling", { ...json, rope_parameters: { rope_type: "llama3", factor: 8 } }, "low_freq_factor is not"],
		["rotation of some channels", { ...json, partial_rotary_factor: 0.5 }, "unsupported partial_rotary_factor"],
		["missing size", { ...json, hidden_size: undefined }, "hidden_size is not a positive number"],
		["fractional size", { ...json, vocab_size: 1.5 }, "vocabSize is not whole"],
		["heads that do not fit", { ...json, num_key_value_heads: 3 }, "does not divide"],
		["odd heads", { ...json, head_dim: 3 }, "head_dim is odd"],
		["no eos", { ...json, eos_token_id: null }, "eos_token_id names no token"],
		["eos outside", { ...json, eos_token_id: 20 }, "eos_token_id lies outside the vocabulary"],
	])("refuses %s", (_name, config, message) => {
		expect(() => parseLlamaConfig(config, "dir/config.json")).toThrow(DnoError);
		expect(() => parseLlamaConfig(config, "dir/config.json")).toThrow(message);
		expect(() => parseLlamaConfig(config, "dir/config.json")).toThrow("dir/config.json: ");
	});
});

test("tied embeddings have no weight of their own", () => {
	expect(parameterSpecs(tinyConfig(true)).some(({ name }) => name === "lm_head.weight")).toBe(false);
	expect(parameterCount(tinyConfig(false)) - parameterCount(tinyConfig(true))).toBe(20 * 12);
});
