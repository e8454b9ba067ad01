import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceAtomically, writeFlushed } from "../../activities/store/atomic-write.ts";
import { createNormal, createRandom, hashSeed } from "../../core/random.ts";
import { formatLlamaConfig, type LlamaConfig } from "./config.ts";
import { checkTokenizer, type WeightArrays, writeWeights } from "./folder.ts";
import { elementCount, parameterSpecs } from "./parameters.ts";

/**
 * Random weights as transformers initialises them: normal with `initializerRange`, norms 1, biases 0. Each weight has a stream of
 * its own, so that it depends on the seed, its name and its size only.
 */
export function randomWeights(config: LlamaConfig, seed: number): WeightArrays {
	return new Map(
		parameterSpecs(config).map(({ name, shape }) => {
			const data = new Float32Array(elementCount(shape));
			const normal = createNormal(createRandom(hashSeed(seed, name)));
			if (shape.length === 1) data.fill(name.endsWith(".bias") ? 0 : 1);
			else for (let i = 0; i < data.length; i++) data[i] = normal() * config.initializerRange;
			return [name, data];
		}),
	);
}

/** What a new model is made from. */
export interface NewModel {
	readonly config: LlamaConfig;
	/** A `tokenizer.json`; a `tokenizer_config.json` and the like beside it are copied too. */
	readonly tokenizerFile: string;
	readonly seed: number;
	readonly outDir: string;
}

const TOKENIZER_FILES = ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"];

/**
 * Writes a Hugging Face folder with random weights.
 *
 * @throws DnoError if the tokenizer has ids outside the embedding
 */
export async function createRandomModel({ config, tokenizerFile, seed, outDir }: NewModel): Promise<void> {
	checkTokenizer(tokenizerFile, config);
	await replaceAtomically(outDir, async (temporary) => {
		await mkdir(temporary);
		await writeFlushed(join(temporary, "config.json"), `${JSON.stringify(formatLlamaConfig(config), undefined, 2)}\n`);
		await copyFile(tokenizerFile, join(temporary, "tokenizer.json"));
		for (const name of TOKENIZER_FILES) {
			const source = join(dirname(tokenizerFile), name);
			if (existsSync(source)) await copyFile(source, join(temporary, name));
		}
		await writeWeights(temporary, config, randomWeights(config, seed));
	});
}
