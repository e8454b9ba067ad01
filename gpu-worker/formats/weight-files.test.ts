import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeSafetensors } from "./safetensors.ts";
import { WEIGHTS, WEIGHTS_INDEX, WeightFiles, weightFileNames } from "./weight-files.ts";

const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
const tensor = (value: number) => ({ shape: [2], data: Float32Array.of(value, value) });

/** A model of the tensors a and b, one a shard. */
async function sharded(weightMap: unknown = { a: shards[0], b: shards[1] }): Promise<string> {
	const dir = temporaryFolder();
	await writeSafetensors(join(dir, shards[0]), [["a", tensor(1)]]);
	await writeSafetensors(join(dir, shards[1]), [["b", tensor(2)]], {}, "BF16");
	writeFileSync(join(dir, WEIGHTS_INDEX), JSON.stringify({ metadata: { total_size: 12 }, weight_map: weightMap }));
	return dir;
}

function read(dir: string, name: string) {
	using files = new WeightFiles(dir);
	return files.read(name);
}

test("tensors are read from the shards that the index names", async () => {
	const dir = await sharded();
	expect(weightFileNames(dir)).toEqual([WEIGHTS_INDEX, ...shards]);
	expect(read(dir, "a")).toEqual(tensor(1));
	expect(read(dir, "b")).toEqual(tensor(2));
});

test("a single file comes before an index, as in transformers", async () => {
	const dir = await sharded();
	await writeSafetensors(join(dir, WEIGHTS), [["a", tensor(3)]]);
	expect(weightFileNames(dir)).toEqual([WEIGHTS]);
	expect(read(dir, "a")).toEqual(tensor(3));
	expect(() => read(dir, "b")).toThrow(`${join(dir, WEIGHTS)}: tensor b is missing`);
});

describe("what is wrong is one error that names the file", () => {
	test("a shard missing", async () => {
		const dir = await sharded();
		rmSync(join(dir, shards[1]));
		expect(() => read(dir, "a")).toThrow(`${join(dir, WEIGHTS_INDEX)}: a shard is missing. got "${shards[1]}"`);
	});

	test("a tensor that is not in its shard, or not in the index", async () => {
		const dir = await sharded({ a: shards[1], b: shards[1] });
		expect(() => read(dir, "a")).toThrow(`${join(dir, shards[1])}: tensor a is missing, though the index names`);
		expect(() => read(dir, "c")).toThrow(`${join(dir, WEIGHTS_INDEX)}: tensor c is missing`);
	});

	test("a damaged shard", async () => {
		const dir = await sharded();
		writeFileSync(join(dir, shards[1]), "nonsense");
		expect(() => read(dir, "a")).toThrow(`${join(dir, shards[1])}: the safetensors header is longer than the file`);
	});

	test.each([
		["no map", undefined],
		["a file elsewhere", { a: "../secret.safetensors" }],
		["numbers", { a: 1 }],
	])("an index with %s", async (_name, weightMap) => {
		const dir = await sharded(weightMap ?? null);
		expect(() => read(dir, "a")).toThrow(`${join(dir, WEIGHTS_INDEX)}: not an index of shards`);
	});

	test("any index at all", async () => {
		const dir = await sharded();
		fc.assert(
			fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
				writeFileSync(join(dir, WEIGHTS_INDEX), text);
				expect(() => read(dir, "a")).toThrow(DnoError);
			}),
		);
	});
});
