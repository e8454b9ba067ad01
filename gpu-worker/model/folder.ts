import { copyFileSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { writeFlushed, writeFolderAtomically } from "../formats/atomic.ts";
import { readJsonFile } from "../formats/json-file.ts";
import { encodeSafetensors, readSafetensors } from "../formats/safetensors.ts";
import { type Adapter, adaptedSpecs, mergeWeight, readAdapter, writeAdapter } from "./adapter.ts";
import { type LlamaConfig, parseLlamaConfig } from "./config.ts";
import { elementCount, parameterSpecs } from "./parameters.ts";

/** A model's weights by checkpoint name, in the order of `parameterSpecs`. */
export type WeightArrays = ReadonlyMap<string, Float32Array>;

/** A model read into memory. */
export interface Model {
	readonly config: LlamaConfig;
	readonly weights: WeightArrays;
}

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** Reads the configuration of a Hugging Face folder. */
export function readModelConfig(dir: string): LlamaConfig {
	if (!existsSync(dir) || !statSync(dir).isDirectory()) {
		throw new DnoError({ what: "there is no model folder", where: dir, mend: "Give a Hugging Face folder" });
	}
	const path = join(dir, CONFIG);
	return parseLlamaConfig(readJsonFile(path), path);
}

/**
 * Reads a Hugging Face folder with `config.json` and an F32 `model.safetensors`.
 *
 * @throws DnoError naming file and tensor for a weight that is missing or has another shape than the configuration says
 */
export function readModel(dir: string): Model {
	const config = readModelConfig(dir);
	const where = join(dir, WEIGHTS);
	const { tensors } = readSafetensors(where);
	const weights = parameterSpecs(config).map(({ name, shape }): [string, Float32Array] => {
		const tensor = tensors.get(name);
		if (tensor === undefined) {
			throw new DnoError({ what: `tensor ${name} is missing`, where, mend: "Check that config.json belongs to it" });
		}
		if (tensor.shape.join() !== shape.join()) {
			throw new DnoError({
				what: `tensor ${name} has not the shape [${shape}] of config.json`,
				where,
				got: tensor.shape,
			});
		}
		if (!tensor.data.every(Number.isFinite))
			throw new DnoError({ what: `tensor ${name} holds NaN or infinity`, where });
		return [name, tensor.data];
	});
	return { config, weights: new Map(weights) };
}

/** The model of a policy folder as it is sampled from: its weights, with its LoRA adapter added where it has one. */
export function readMergedModel(dir: string): Model {
	const { config, weights } = readModel(dir);
	const adapter = readAdapter(dir, config);
	if (adapter === undefined) return { config, weights };
	const merged = new Map(weights);
	for (const spec of adaptedSpecs(config, adapter.config)) {
		merged.set(spec.name, mergeWeight(weights.get(spec.name)!, spec, adapter));
	}
	return { config, weights: merged };
}

/**
 * Writes a Hugging Face folder, whole or not at all: new weights, and everything else but weights copied from another
 * folder (configuration, tokenizer, chat template, generation settings).
 */
export function writeModelLike(sourceDir: string, dir: string, { config, weights }: Model): void {
	writeFolderAtomically(dir, (temporary) => {
		copyFiles(sourceDir, temporary, (name) => COMPANION.test(name) && !name.endsWith(".index.json"));
		writeWeights(temporary, config, weights);
	});
}

/** Writes a policy folder, whole or not at all: a new adapter, and everything else, base weights included, as it was. */
export function writeAdapterLike(sourceDir: string, dir: string, config: LlamaConfig, adapter: Adapter): void {
	writeFolderAtomically(dir, (temporary) => {
		copyFiles(sourceDir, temporary, (name) => COMPANION.test(name) || name.endsWith(".safetensors"));
		writeAdapter(temporary, config, adapter);
	});
}

/** Files that make a model folder beside its weights. */
const COMPANION = /\.(json|jinja|model|txt)$/;

function copyFiles(sourceDir: string, dir: string, isWanted: (name: string) => boolean): void {
	for (const name of readdirSync(sourceDir)) {
		if (isWanted(name) && !name.startsWith("adapter_")) copyFileSync(join(sourceDir, name), join(dir, name));
	}
}

/** Writes `model.safetensors` into a folder that is being made. */
export function writeWeights(dir: string, config: LlamaConfig, weights: WeightArrays): void {
	const tensors = parameterSpecs(config).map(({ name, shape }) => {
		const data = weights.get(name);
		if (data?.length !== elementCount(shape)) {
			throw new DnoError({ what: `weight ${name} has the wrong size`, got: data?.length });
		}
		return [name, { shape, data }] as const;
	});
	// transformers refuses files whose metadata do not name the framework.
	writeFlushed(join(dir, WEIGHTS), encodeSafetensors(tensors, { format: "pt" }));
}
