import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFlushed } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { createRandom, hashSeed } from "../../core/random.ts";
import { readJsonFile } from "../formats/json-file.ts";
import { encodeSafetensors, readSafetensors } from "../formats/safetensors.ts";
import type { LlamaConfig } from "./config.ts";
import { elementCount, type ParameterSpec, parameterSpecs } from "./parameters.ts";

/** A LoRA adapter (Hu et al., arXiv 2106.09685): W₀ + (alpha/rank)·B·A for the weights of the target modules. */
export interface AdapterConfig {
	/** r. */
	readonly rank: number;
	readonly alpha: number;
	/** Linear layers by PEFT's names, e.g. `q_proj`, in every layer of the decoder. */
	readonly targetModules: readonly string[];
}

/** An adapter read into memory; factors by the names of {@link adapterSpecs}. */
export interface Adapter {
	readonly config: AdapterConfig;
	readonly weights: ReadonlyMap<string, Float32Array>;
}

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";

/** What we understand of PEFT's LoraConfig; other variants would mean other weights and are refused. */
const loraSchema = z.looseObject({
	peft_type: z.literal("LORA"),
	r: z.int().positive(),
	lora_alpha: z.number().positive(),
	target_modules: z.array(z.string()).nonempty(),
	bias: z.literal("none").default("none"),
	use_rslora: z.literal(false).default(false),
	use_dora: z.literal(false).default(false),
	fan_in_fan_out: z.literal(false).default(false),
	rank_pattern: z.strictObject({}).nullish(),
	alpha_pattern: z.strictObject({}).nullish(),
	layers_to_transform: z.null().optional(),
	modules_to_save: z.union([z.null(), z.array(z.string()).max(0)]).optional(),
});

/** PEFT's names of a weight's factors: A, called `down`, and B, called `up`. */
export function factorNames(weight: string): { readonly down: string; readonly up: string } {
	const module = PREFIX + weight.replace(/\.weight$/, "");
	return { down: `${module}.lora_A.weight`, up: `${module}.lora_B.weight` };
}

/** The weights that an adapter changes. */
export function adaptedSpecs(config: LlamaConfig, { targetModules }: AdapterConfig): ParameterSpec[] {
	const linear = parameterSpecs(config).filter(({ name, shape }) => shape.length === 2 && name.includes(".layers."));
	const moduleOf = (name: string) => name.split(".").at(-2)!;
	const known = new Set(linear.map(({ name }) => moduleOf(name)));
	const unknown = targetModules.find((module) => !known.has(module));
	if (unknown !== undefined || targetModules.length === 0) {
		const mend = `Use some of: ${[...known].join(", ")}`;
		throw new DnoError({ what: "LoRA has no such target module", got: unknown, mend });
	}
	return linear.filter(({ name }) => targetModules.includes(moduleOf(name)));
}

/** All factors in the order of the layers: A [r, in] and B [out, r] of each weight that is changed. */
export function adapterSpecs(config: LlamaConfig, adapter: AdapterConfig): ParameterSpec[] {
	return adaptedSpecs(config, adapter).flatMap(({ name, shape: [out, inner] }) => {
		const { down, up } = factorNames(name);
		return [
			{ name: down, shape: [adapter.rank, inner!] },
			{ name: up, shape: [out!, adapter.rank] },
		];
	});
}

/** A new adapter as PEFT initialises it: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that it changes nothing yet. */
export function newAdapter(config: LlamaConfig, adapter: AdapterConfig, seed: number): Adapter {
	const weights = adapterSpecs(config, adapter).map(({ name, shape }): [string, Float32Array] => {
		const data = new Float32Array(elementCount(shape));
		const random = createRandom(hashSeed(seed, name));
		const bound = 1 / Math.sqrt(shape[1]!);
		if (name.endsWith(".lora_A.weight")) for (let i = 0; i < data.length; i++) data[i] = (2 * random() - 1) * bound;
		return [name, data];
	});
	return { config: adapter, weights: new Map(weights) };
}

/**
 * Reads the PEFT adapter of a policy folder, or undefined where there is none.
 *
 * @throws DnoError naming file and tensor for another kind of adapter, or one that does not fit the model
 */
export function readAdapter(dir: string, config: LlamaConfig): Adapter | undefined {
	const path = join(dir, CONFIG);
	if (!existsSync(path)) return undefined;
	const parsed = loraSchema.safeParse(readJsonFile(path));
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		const what = `unsupported LoRA configuration: ${issue!.path.join(".")}`;
		throw new DnoError({ what, where: path, got: issue!.message, mend: "Use plain LoRA with bias none" });
	}
	const { r: rank, lora_alpha: alpha, target_modules: targetModules } = parsed.data;
	const adapter: AdapterConfig = { rank, alpha, targetModules };
	const where = join(dir, WEIGHTS);
	const { tensors } = readSafetensors(where);
	const specs = adapterSpecs(config, adapter);
	const names = new Set(specs.map(({ name }) => name));
	const extra = [...tensors.keys()].find((name) => !names.has(name));
	if (extra !== undefined) throw new DnoError({ what: `tensor ${extra} belongs to no target module`, where });
	const weights = specs.map(({ name, shape }): [string, Float32Array] => {
		const tensor = tensors.get(name);
		if (tensor?.shape.join() !== shape.join()) {
			const what = `tensor ${name} is missing or has not the shape [${shape}]`;
			throw new DnoError({ what, where, got: tensor?.shape, mend: "Check that the adapter belongs to this model" });
		}
		if (!tensor!.data.every(Number.isFinite)) {
			throw new DnoError({ what: `tensor ${name} holds NaN or infinity`, where });
		}
		return [name, tensor!.data];
	});
	return { config: adapter, weights: new Map(weights) };
}

/**
 * Writes an adapter's two files, as PEFT does, into a folder that is being made.
 *
 * @param baseModel a hub id, for who loads the adapter without naming its model
 */
export async function writeAdapter(
	dir: string,
	config: LlamaConfig,
	{ config: adapter, weights }: Adapter,
	baseModel: string | null = null,
): Promise<void> {
	const json = {
		peft_type: "LORA",
		task_type: "CAUSAL_LM",
		base_model_name_or_path: baseModel,
		r: adapter.rank,
		lora_alpha: adapter.alpha,
		target_modules: adapter.targetModules,
		lora_dropout: 0,
		bias: "none",
		fan_in_fan_out: false,
		inference_mode: true,
	};
	await writeFlushed(join(dir, CONFIG), `${JSON.stringify(json, undefined, 2)}\n`);
	const tensors = adapterSpecs(config, adapter).map(
		({ name, shape }) => [name, { shape, data: weights.get(name)! }] as const,
	);
	await writeFlushed(join(dir, WEIGHTS), encodeSafetensors(tensors, { format: "pt" }));
}

/** W₀ + (alpha/rank)·B·A of one weight, as a new array; W₀ is [out, in]. */
export function mergeWeight(base: Float32Array, { name, shape }: ParameterSpec, adapter: Adapter): Float32Array {
	const names = factorNames(name);
	const [down, up] = [adapter.weights.get(names.down)!, adapter.weights.get(names.up)!];
	const [out, inner] = shape as [number, number];
	const { rank, alpha } = adapter.config;
	const merged = Float32Array.from(base);
	const row = new Float64Array(inner);
	for (let o = 0; o < out; o++) {
		row.fill(0);
		for (let k = 0; k < rank; k++) {
			const factor = up[o * rank + k]! * (alpha / rank);
			if (factor === 0) continue;
			for (let i = 0; i < inner; i++) row[i]! += factor * down[k * inner + i]!;
		}
		for (let i = 0; i < inner; i++) merged[o * inner + i]! += row[i]!;
	}
	return merged;
}
