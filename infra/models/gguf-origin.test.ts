import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { encodeGguf } from "../../test/unit/gpu-worker/gguf-writer.ts";
import { originOfGguf } from "./gguf-origin.ts";

/** Tensors of one block of 32 weights each. */
const BLOCKS = { F32: [0, 128], Q4_1: [3, 20], Q8_0: [8, 34], F16: [1, 64] } as const;

async function origin(kinds: readonly (keyof typeof BLOCKS)[], license?: string) {
	const path = join(temporaryFolder(), "any.gguf");
	const tensors = kinds.map((kind, i) => {
		const [type, bytes] = BLOCKS[kind];
		return { name: `tensor ${i}`, shape: [1, 32], type, data: new Uint8Array(bytes) };
	});
	const metadata = { "general.architecture": "llama", ...(license !== undefined && { "general.license": license }) };
	writeFileSync(path, encodeGguf(metadata, tensors));
	return await originOfGguf(path);
}

test("kinds of blocks that weights are rounded to are named, floats are not", async () => {
	expect(await origin(["Q8_0", "F32", "Q4_1", "Q8_0"])).toEqual({ roundedTo: "Q4_1, Q8_0" });
	expect(await origin(["F32", "F16"])).toEqual({});
});

test("a licence that the hub knows by name is passed on, an expression is not", async () => {
	expect(await origin(["F32"], "Apache-2.0")).toEqual({ license: "apache-2.0" });
	expect(await origin(["F32"], "MIT OR Apache-2.0")).toEqual({});
});
