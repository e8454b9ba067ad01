import { describe, expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { DnoError } from "../../core/errors.ts";
import { formatLlamaConfig, parseLlamaConfig } from "./config.ts";
import { parameterCount, parameterSpecs } from "./parameters.ts";

const json = formatLlamaConfig(tinyConfig(true));

describe("parseLlamaConfig", () => {
	test("reads back what formatLlamaConfig writes", () => {
		for (const tied of [true, false]) {
			expect(parseLlamaConfig(formatLlamaConfig(tinyConfig(tied)), "config.json")).toEqual(tinyConfig(tied));
		}
	});

	test("takes transformers' defaults, and transformers 5's place for the rotary base", () => {
		const { num_key_value_heads: _, head_dim: __, rope_theta: ___, ...rest } = json;
		const rope_parameters = { rope_type: "default", rope_theta: 500 };
		const config = parseLlamaConfig({ ...rest, hidden_size: 16, rope_parameters, eos_token_id: [1, 2] }, "config.json");
		expect(config).toMatchObject({ kvHeads: 4, headDim: 4, ropeTheta: 500, eosTokenIds: [1, 2] });
	});

	test.each<[string, unknown, string]>([
		["no object", [], "not a model configuration"],
		["another architecture", { ...json, architectures: ["Qwen3ForCausalLM"] }, 'unsupported architecture. got "Qwen3'],
		["no architecture", { model_type: "bert" }, 'got "bert"'],
		["biases", { ...json, attention_bias: true }, "unsupported attention_bias"],
		["another activation", { ...json, hidden_act: "gelu" }, "unsupported hidden_act"],
		["quantised", { ...json, quantization_config: {} }, "unsupported quantization_config"],
		["scaled RoPE", { ...json, rope_scaling: { rope_type: "llama3" } }, "unsupported rope_scaling.rope_type"],
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
