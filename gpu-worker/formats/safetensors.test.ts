import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FLOAT_TYPES } from "./dtypes.ts";
import { encodeSafetensors, readSafetensors, SafetensorsReader, type Tensor, writeSafetensors } from "./safetensors.ts";

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

/** What is read is no larger than the file allows: 16-bit numbers take twice their space in memory. */
function readsOrRefuses(path: string, bytes: Uint8Array): void {
	writeFileSync(path, bytes);
	try {
		const { tensors } = readSafetensors(path);
		const read = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
		expect(read).toBeLessThanOrEqual(2 * bytes.length);
	} catch (error) {
		expect(error).toBeInstanceOf(DnoError);
	}
}

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
				writeFileSync(path, Buffer.concat([...encodeSafetensors(tensors, metadata)]));
				const read = readSafetensors(path);
				expect(new Map(read.tensors)).toEqual(new Map(tensors));
				expect(read.metadata).toEqual(metadata);
			}),
			{ numRuns: 50 },
		);
	});

	test("16-bit types take half the space and read back as the nearest number they have", async () => {
		const path = join(temporaryFolder(), "x.safetensors");
		const data = Float32Array.of(1, -0.1, 65504, 1e-7, 0, 3.3);
		const expected = {
			F32: data,
			F16: Float32Array.from(data, Math.f16round),
			BF16: Float32Array.of(1, -0.10009765625, 65536, 1.0011717677116394e-7, 0, 3.296875), // torch's bfloat16
		};
		for (const dtype of FLOAT_TYPES) {
			await writeSafetensors(path, [["a", { shape: [2, 3], data }]], {}, dtype);
			expect(readSafetensors(path).tensors.get("a")).toEqual({ shape: [2, 3], data: expected[dtype] });
			expect(statSync(path).size % 8).toBe(dtype === "F32" ? 0 : 4);
		}
	});

	test("rows of a matrix are read by themselves, in any order and number", async () => {
		const path = join(temporaryFolder(), "x.safetensors");
		const matrix = { shape: [5, 3], data: Float32Array.from({ length: 15 }, (_, i) => i / 8) };
		const rows = [4, 0, 4, 2];
		const expected = Float32Array.from(rows.flatMap((row) => [...matrix.data.subarray(3 * row, 3 * row + 3)]));
		for (const dtype of FLOAT_TYPES) {
			const before = { shape: [3], data: Float32Array.of(7, 8, 9) };
			await writeSafetensors(path, Object.entries({ before, matrix }), {}, dtype);
			using reader = new SafetensorsReader(path);
			expect(reader.readRows("matrix", rows)).toEqual(expected);
			expect(reader.readRows("matrix", [])).toEqual(new Float32Array());
			for (const none of [5, -1]) {
				expect(() => reader.readRows("matrix", [0, none])).toThrow(`tensor matrix has 5 rows. got ${none}`);
			}
			expect(() => reader.readRows("before", [0])).toThrow("tensor before is no matrix");
			expect(() => reader.readRows("behind", [0])).toThrow("tensor behind is missing");
		}
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
		["a git-lfs pointer", (path) => writeFileSync(path, "version https://git-lfs.github.com/spec/v1"), "git lfs pull"],
		["not JSON", (path) => writeRaw(path, "{]", 0), "header is not JSON"],
		["not an object", (path) => writeRaw(path, "[1]", 0), "header is not an object"],
		["metadata of numbers", (path) => writeRaw(path, { __metadata__: { a: 1 } }, 0), "metadata are not strings"],
		["malformed entry", (path) => writeRaw(path, { a: { dtype: "F32" } }, 0), "tensor a has a malformed entry"],
		["negative offset", (path) => writeRaw(path, { a: entry(-4, 0) }, 0), "tensor a has a malformed entry"],
		["another type", (path) => writeRaw(path, { a: entry(0, 16, [2], "I64") }, 16), "tensor a is not F32, F16 or BF16"],
		["no type", (path) => writeRaw(path, { a: entry(0, 4, [1], "F31") }, 4), "tensor a has an unknown element type"],
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
		const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 });
		for (const dtype of FLOAT_TYPES) {
			const tensors: [string, Tensor][] = [
				["a", { shape: [2], data: Float32Array.of(1, 2) }],
				["b", { shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) }],
			];
			const good = Buffer.concat([...encodeSafetensors(tensors, { format: "pt" }, dtype)]);
			const damaged = fc.property(flips, fc.option(fc.nat({ max: good.length })), (changes, end) => {
				const bad = Buffer.from(good);
				for (const [at, byte] of changes) bad[at % bad.length] = byte;
				readsOrRefuses(path, bad.subarray(0, end ?? bad.length));
			});
			fc.assert(damaged, { numRuns: 150 });
		}
	});

	test("so is any header, however wild its sizes", () => {
		const path = join(temporaryFolder(), "x.safetensors");
		const size = fc.oneof(fc.nat({ max: 8 }), fc.nat(), fc.maxSafeInteger(), fc.double());
		const wild = fc.record({
			dtype: fc.constantFrom("F32", "F16", "BF16", "F4", "I64", "F99", "__proto__"),
			shape: fc.array(size, { maxLength: 3 }),
			data_offsets: fc.array(size, { minLength: 1, maxLength: 3 }),
		});
		const name = fc.constantFrom("a", "b", "__proto__", "__metadata__", "constructor");
		const header = fc.dictionary(name, fc.oneof(wild, fc.jsonValue()), { noNullPrototype: true });
		fc.assert(
			fc.property(header, fc.nat({ max: 32 }), (entries, dataBytes) => {
				writeRaw(path, entries, dataBytes);
				readsOrRefuses(path, readFileSync(path));
			}),
			{ numRuns: 300 },
		);
	});
});
