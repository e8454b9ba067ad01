import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { QUANTIZATIONS } from "./quantizations.ts";

const file = join(import.meta.dirname, "../../../bench/golden/quantizations.golden.json");
const golden: Record<string, { type: number; blocks: string; weights: string }> = JSON.parse(
	readFileSync(file, "utf8"),
);

test("golden numbers cover every quantization", () => {
	expect([...QUANTIZATIONS.values()].map(({ name }) => name).sort()).toEqual(Object.keys(golden).sort());
});

test.for(Object.entries(golden))("%s equals the gguf package bit for bit", ([name, { type, blocks, weights }]) => {
	const quantization = QUANTIZATIONS.get(type)!;
	expect(quantization.name).toBe(name);
	const bytes = Buffer.from(blocks, "base64");
	const expected = Buffer.from(weights, "base64");
	const out = new Float32Array((bytes.length / quantization.blockBytes) * quantization.blockSize);
	expect(out.byteLength).toBe(expected.length);
	quantization.dequantize(bytes, out);
	expect(Buffer.from(out.buffer).equals(expected)).toBe(true);
});
