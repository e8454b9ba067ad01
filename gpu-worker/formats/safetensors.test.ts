import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/unit/gpu-worker/temporary-folder.ts";
import { encodeSafetensors, readSafetensors, type Tensor } from "./safetensors.ts";

/** A file with this header and so many bytes of data. */
function writeRaw(path: string, header: unknown, dataBytes: number, length?: bigint): void {
	const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
	const size = Buffer.alloc(8);
	size.writeBigUInt64LE(length ?? BigInt(text.length));
	writeFileSync(path, Buffer.concat([size, text, Buffer.alloc(dataBytes)]));
}

const entry = (start: number, end: number, shape = [(end - start) / 4], dtype = "F32") => ({
	dtype,
	shape,
	data_offsets: [start, end],
});

describe("round trip", () => {
	test("any tensors and metadata", () => {
		const path = join(temporaryFolder(), "x.safetensors");
		const shape = fc.array(fc.nat({ max: 4 }), { maxLength: 3 });
		const name = fc.string({ minLength: 1 }).filter((key) => key !== "__metadata__" && key !== "__proto__");
		const safe = fc.string().filter((key) => key !== "__proto__");
		fc.assert(
			fc.property(fc.dictionary(name, shape), fc.dictionary(safe, fc.string()), (shapes, metadata) => {
				const tensors = Object.entries(shapes).map(([key, dims], i): [string, Tensor] => {
					const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, j) => i + j / 3);
					return [key, { shape: dims, data }];
				});
				writeFileSync(path, Buffer.concat(encodeSafetensors(tensors, metadata)));
				const read = readSafetensors(path);
				expect(new Map(read.tensors)).toEqual(new Map(tensors));
				expect(read.metadata).toEqual(metadata);
			}),
			{ numRuns: 50 },
		);
	});

	test("data start on a multiple of eight bytes", () => {
		const [, header] = encodeSafetensors([["a", { shape: [1], data: Float32Array.of(1) }]]);
		expect(header!.length % 8).toBe(0);
	});
});

describe("bad files are one error that names the file", () => {
	test.each<[string, (path: string) => void, string]>([
		["missing", () => {}, "cannot be read"],
		["empty", (path) => writeFileSync(path, ""), "shorter than a safetensors header"],
		["truncated header", (path) => writeRaw(path, "{", 0, 100n), "header is longer than the file"],
		["oversized header", (path) => writeRaw(path, "{}", 0, 1n << 62n), "header is longer than the file"],
		["not JSON", (path) => writeRaw(path, "{]", 0), "header is not JSON"],
		["not an object", (path) => writeRaw(path, "[1]", 0), "header is not an object"],
		["metadata of numbers", (path) => writeRaw(path, { __metadata__: { a: 1 } }, 0), "metadata are not strings"],
		["malformed entry", (path) => writeRaw(path, { a: { dtype: "F32" } }, 0), "tensor a has a malformed entry"],
		["negative offset", (path) => writeRaw(path, { a: entry(-4, 0) }, 0), "tensor a has a malformed entry"],
		["another dtype", (path) => writeRaw(path, { a: entry(0, 4, [2], "F16") }, 4), "tensor a is not F32"],
		["wrong size", (path) => writeRaw(path, { a: entry(0, 8, [3]) }, 8), "does not take 12 bytes"],
		["overlap", (path) => writeRaw(path, { a: entry(0, 8), b: entry(4, 12) }, 12), "tensor b overlaps"],
		["hole", (path) => writeRaw(path, { a: entry(0, 4), b: entry(8, 12) }, 12), "a hole lies before tensor b"],
		["data missing", (path) => writeRaw(path, { a: entry(0, 8) }, 4), "tensor a ends behind the end of the file"],
		["data left over", (path) => writeRaw(path, { a: entry(0, 4) }, 8), "left over behind the last tensor"],
	])("%s", (_name, make, message) => {
		const path = join(temporaryFolder(), "bad.safetensors");
		make(path);
		expect(() => readSafetensors(path)).toThrow(DnoError);
		expect(() => readSafetensors(path)).toThrow(`${path}: `);
		expect(() => readSafetensors(path)).toThrow(message);
	});

	test("any damage to a good file is noticed as a DnoError or read as another file, never a crash", () => {
		const path = join(temporaryFolder(), "x.safetensors");
		const good = Buffer.concat(encodeSafetensors([["a", { shape: [2], data: Float32Array.of(1, 2) }]]));
		fc.assert(
			fc.property(
				fc.nat({ max: good.length - 1 }),
				fc.nat({ max: 255 }),
				fc.nat({ max: good.length }),
				(at, byte, end) => {
					const bad = Buffer.from(good);
					bad[at] = byte;
					writeFileSync(path, bad.subarray(0, end));
					try {
						readSafetensors(path);
					} catch (error) {
						expect(error).toBeInstanceOf(DnoError);
					}
				},
			),
		);
	});
});
