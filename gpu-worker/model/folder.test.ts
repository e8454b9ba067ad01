import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { newAdapter } from "./adapter.ts";
import { readModel, writeAdapterLike, writeModelLike } from "./folder.ts";
import { createRandomModel, randomWeights } from "./init.ts";

const tokenizerFile = join(import.meta.dirname, "../../bench/golden/tokenizer.json");

async function newModel(): Promise<string> {
	const outDir = join(temporaryFolder(), "model");
	await createRandomModel({ config: tinyConfig(false), tokenizerFile, seed: 5, outDir });
	return outDir;
}

test("a new model reads back, has norms of 1 and the standard deviation asked for", async () => {
	const { config, weights } = readModel(await newModel());
	expect(config).toEqual(tinyConfig(false));
	expect(weights).toEqual(randomWeights(config, 5));
	expect(weights).not.toEqual(randomWeights(config, 6));
	expect(weights.get("model.norm.weight")).toEqual(new Float32Array(12).fill(1));
	const embedding = weights.get("model.embed_tokens.weight")!;
	const variance = embedding.reduce((sum, x) => sum + x * x, 0) / embedding.length;
	expect(Math.abs(Math.sqrt(variance) - 0.25)).toBeLessThan(0.04);
});

test("a model written like another has its configuration and tokenizer, and the new weights", async () => {
	const source = await newModel();
	const copy = join(temporaryFolder(), "copy");
	const weights = randomWeights(tinyConfig(false), 6);
	await writeModelLike(source, copy, { config: tinyConfig(false), weights });
	expect(readModel(copy)).toEqual({ config: tinyConfig(false), weights });
});

test("what is trained takes the licence along, and of its base's weights those that are read; not the base's card", async () => {
	const source = await newModel();
	const others = ["README.md", "consolidated.safetensors", "model.safetensors.index.json"];
	for (const name of ["LICENSE", "NOTICE.md", ...others]) writeFileSync(join(source, name), "{}");
	const [full, lora] = [join(temporaryFolder(), "full"), join(temporaryFolder(), "lora")];
	const { config, weights } = readModel(source);
	await writeModelLike(source, full, { config, weights });
	const files = ["LICENSE", "NOTICE.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
	expect(readdirSync(full).toSorted()).toEqual(files);
	await writeAdapterLike(source, lora, config, newAdapter(config, { rank: 1, alpha: 1, targetModules: ["q_proj"] }, 1));
	const adapter = ["adapter_config.json", "adapter_model.safetensors"];
	expect(readdirSync(lora).toSorted()).toEqual([...files, ...adapter].toSorted());
});

test("a tokenizer that does not fit the embedding is refused", async () => {
	const config = { ...tinyConfig(true), vocabSize: 19 };
	const create = () => createRandomModel({ config, tokenizerFile, seed: 1, outDir: join(temporaryFolder(), "m") });
	await expect(create).rejects.toThrow("do not fit a vocabulary of 19");
});

test("what is wrong with a model folder is one error naming file and tensor", async () => {
	expect(() => readModel("/no/such/folder")).toThrow("there is no model folder");
	const dir = await newModel();
	const path = join(dir, "model.safetensors");
	const { tensors } = readSafetensors(path);
	const damage = async (name: string, shape: number[] | undefined, value = 0) => {
		const changed = new Map(tensors);
		changed.delete(name);
		if (shape) changed.set(name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) });
		await writeSafetensors(path, changed);
		return () => readModel(dir);
	};
	expect(await damage("lm_head.weight", undefined)).toThrow(`${path}: tensor lm_head.weight is missing`);
	expect(await damage("lm_head.weight", [12, 20])).toThrow("tensor lm_head.weight has not the shape [20,12]");
	expect(await damage("model.norm.weight", [12], Number.NaN)).toThrow("tensor model.norm.weight holds NaN");
	writeFileSync(join(dir, "config.json"), "nonsense");
	expect(() => readModel(dir)).toThrow(DnoError);
	expect(() => readModel(dir)).toThrow("config.json: the file is not JSON");
});
