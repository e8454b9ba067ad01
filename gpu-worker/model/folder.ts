import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { replaceAtomically, writeFileAtomic, writeFlushed } from "../../activities/store/atomic-write.ts";
import { DnoError } from "../../core/errors.ts";
import { type FloatType, hasNonFinite, isFloatType } from "../formats/dtypes.ts";
import { readJsonFile } from "../formats/json-file.ts";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { openTokenizer, type Tokenizer } from "../formats/tokenizer.ts";
import { WEIGHTS, WEIGHTS_INDEX, WeightFiles, weightFileNames } from "../formats/weight-files.ts";
import { type Adapter, adaptedSpecs, mergeWeight, readAdapter, writeAdapter } from "./adapter.ts";
import { type Dtype, type LlamaConfig, parseLlamaConfig, readEosTokenIds } from "./config.ts";
import { elementCount, parameterSpecs } from "./parameters.ts";

/** A model's weights by checkpoint name, in the order of `parameterSpecs`. */
export type WeightArrays = ReadonlyMap<string, Float32Array>;

/** A model read into memory. */
export interface Model {
	readonly config: LlamaConfig;
	readonly weights: WeightArrays;
}

const CONFIG = "config.json";
const GENERATION_CONFIG = "generation_config.json";

const FLOAT_TYPE: Readonly<Record<Dtype, FloatType>> = { float32: "F32", float16: "F16", bfloat16: "BF16" };

/**
 * Reads the configuration of a Hugging Face folder; what ends a response is taken from `generation_config.json` where that
 * says so, as transformers' generate does (chat models name the end of a turn there).
 */
export function readModelConfig(dir: string): LlamaConfig {
	if (!existsSync(dir) || !statSync(dir).isDirectory()) {
		throw new DnoError({ what: "there is no model folder", where: dir, mend: "Give a Hugging Face folder" });
	}
	const path = join(dir, CONFIG);
	const config = parseLlamaConfig(readJsonFile(path), path);
	const generation = join(dir, GENERATION_CONFIG);
	if (!existsSync(generation)) return config;
	const eosTokenIds = readEosTokenIds(readJsonFile(generation), config, generation);
	return eosTokenIds.length === 0 ? config : { ...config, eosTokenIds };
}

/**
 * Reads a Hugging Face folder with `config.json` and F32, F16 or BF16 weights in `model.safetensors` or in shards.
 *
 * @throws DnoError naming file and tensor for a weight that is missing, has another shape than the configuration says, or
 * holds NaN or infinity
 */
export function readModel(dir: string): Model {
	const config = readModelConfig(dir);
	return { config, weights: new Map(readWeights(dir, config)) };
}

/** The weights of a folder one by one, in the order of `parameterSpecs`; see {@link readModel}. */
function* readWeights(dir: string, config: LlamaConfig): Generator<[string, Float32Array]> {
	using files = new WeightFiles(dir);
	checkWeights(files, config);
	for (const { name } of parameterSpecs(config)) {
		const { data } = files.read(name);
		if (hasNonFinite(data)) {
			throw new DnoError({ what: `tensor ${name} holds NaN or infinity`, where: files.whereIs(name) });
		}
		yield [name, data];
	}
}

/** The model of a policy folder as it is sampled from: its weights, with its LoRA adapter added where it has one. */
export function readMergedModel(dir: string): Model {
	const config = readModelConfig(dir);
	return { config, weights: new Map(readMergedWeights(dir, config)) };
}

/** The weights of {@link readMergedModel} one by one, so that they need not all be in memory. */
export function* readMergedWeights(dir: string, config: LlamaConfig): Generator<[string, Float32Array]> {
	const adapter = readAdapter(dir, config);
	const adapted = new Map(adapter && adaptedSpecs(config, adapter.config).map((spec) => [spec.name, spec]));
	for (const [name, data] of readWeights(dir, config)) {
		const spec = adapted.get(name);
		yield [name, spec === undefined ? data : mergeWeight(data, spec, adapter!)];
	}
}

/**
 * Checks a Hugging Face folder without reading its weights: that the architecture is supported, that every weight is
 * there in the shape that `config.json` says, and that the tokenizer fits the embedding.
 *
 * @throws DnoError naming file and tensor
 */
export function checkModel(dir: string): void {
	const config = readModelConfig(dir);
	checkTokenizer(join(dir, "tokenizer.json"), config);
	using files = new WeightFiles(dir);
	checkWeights(files, config);
}

/**
 * Opens a model's `tokenizer.json`.
 *
 * @throws DnoError if it cannot be used, or has ids outside the embedding
 */
export function checkTokenizer(file: string, config: LlamaConfig): Tokenizer {
	const tokenizer = openTokenizer(file);
	if (tokenizer.vocabSize <= config.vocabSize) return tokenizer;
	const what = `the tokenizer's ids do not fit a vocabulary of ${config.vocabSize}`;
	const got = tokenizer.vocabSize - 1;
	throw new DnoError({ what, where: file, got, mend: "Use the tokenizer that belongs to the model" });
}

function checkWeights(files: WeightFiles, config: LlamaConfig): void {
	for (const { name, shape } of parameterSpecs(config)) {
		const entry = files.entry(name);
		const where = files.whereIs(name);
		if (entry.shape.join() !== shape.join()) {
			const what = `tensor ${name} has not the shape [${shape}] of config.json`;
			throw new DnoError({ what, where, got: entry.shape });
		}
		if (!isFloatType(entry.dtype)) {
			const what = `tensor ${name} is not F32, F16 or BF16`;
			throw new DnoError({ what, where, got: entry.dtype, mend: "Use a model that is not quantised" });
		}
	}
}

/**
 * Writes a Hugging Face folder, whole or not at all: new weights, and everything else but weights copied from another
 * folder (configuration, tokenizer, chat template, generation settings).
 *
 * @param dtype of the weights as they are written, and as `config.json` then says
 */
export async function writeModelLike(
	sourceDir: string,
	dir: string,
	{ config, weights }: Model,
	dtype: Dtype = "float32",
): Promise<void> {
	await replaceAtomically(dir, async (temporary) => {
		await mkdir(temporary);
		await copyFiles(sourceDir, temporary, isCompanion);
		await nameDtype(join(temporary, CONFIG), dtype);
		await writeWeights(temporary, { ...config, dtype }, weights);
	});
}

/** Writes a policy folder, whole or not at all: a new adapter, and everything else, base weights included, as it was. */
export async function writeAdapterLike(
	sourceDir: string,
	dir: string,
	config: LlamaConfig,
	adapter: Adapter,
): Promise<void> {
	await replaceAtomically(dir, async (temporary) => {
		await mkdir(temporary);
		const weights = weightFileNames(sourceDir);
		await copyFiles(sourceDir, temporary, (name) => isCompanion(name) || weights.includes(name));
		await writeAdapter(temporary, config, adapter);
	});
}

/** What a model's licence asks to be passed on with it. */
export const LICENSE_FILE = /^(LICENSE|NOTICE)([.-].*)?$/i;

/** Whether a file belongs to a model folder beside its weights. The card does not: it speaks of that model alone. */
export function isCompanion(name: string): boolean {
	return (/\.(json|jinja|model|txt)$/.test(name) || LICENSE_FILE.test(name)) && name !== WEIGHTS_INDEX;
}

async function copyFiles(sourceDir: string, dir: string, isWanted: (name: string) => boolean): Promise<void> {
	for (const name of await readdir(sourceDir)) {
		if (isWanted(name) && !name.startsWith("adapter_")) await copyFile(join(sourceDir, name), join(dir, name));
	}
}

/** transformers loads a model in the type that its config.json names. */
async function nameDtype(file: string, dtype: Dtype): Promise<void> {
	const { torch_dtype: old, dtype: now = old, ...rest } = readJsonFile(file) as Record<string, unknown>;
	if (now === dtype) return;
	await writeFileAtomic(file, `${JSON.stringify({ ...rest, torch_dtype: dtype }, undefined, 2)}\n`);
}

/** Writes `model.safetensors` into a folder that is being made, in the configuration's element type. */
export async function writeWeights(dir: string, config: LlamaConfig, weights: WeightArrays): Promise<void> {
	const tensors = parameterSpecs(config).map(({ name, shape }) => {
		const data = weights.get(name);
		if (data?.length !== elementCount(shape)) {
			throw new DnoError({ what: `weight ${name} has the wrong size`, got: data?.length });
		}
		return [name, { shape, data }] as const;
	});
	// transformers refuses files whose metadata do not name the framework.
	await writeFlushed(join(dir, WEIGHTS), encodeSafetensors(tensors, { format: "pt" }, FLOAT_TYPE[config.dtype]));
}
