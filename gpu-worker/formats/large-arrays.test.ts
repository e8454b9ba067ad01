import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readArray, updateHash, writeArray } from "./large-arrays.ts";

/** More than a call of Node's takes. None of its bytes is touched, so it has an address and no memory. */
const large = new Float32Array(2 ** 29 + 1);

test("an array of any size is hashed, written and read in pieces that Node takes", async () => {
	const calls: number[] = [];
	const count = (length: number) => {
		expect(length).toBeLessThan(2 ** 31);
		calls.push(length);
		return length;
	};
	const total = () => calls.splice(0).reduce((a, b) => a + b, 0);
	const hash = { update: (bytes: Uint8Array) => count(bytes.length) } as unknown as Hash;
	updateHash(hash, large);
	expect(total()).toBe(large.byteLength);
	const file = { read: async (_: Uint8Array, __: number, length: number) => ({ bytesRead: count(length) }) };
	expect(await readArray(file as unknown as FileHandle, large, 0)).toBe(true);
	expect(total()).toBe(large.byteLength);
	await using sink = await open("/dev/null", "w");
	await writeArray(sink, large, 0);
});

test("what was written at a place is read there, hash and all; a file that ends before is said to", async () => {
	const numbers = Float32Array.from({ length: 1000 }, (_, i) => i).subarray(10);
	await using file = await open(join(temporaryFolder(), "numbers"), "w+");
	await writeArray(file, numbers, 40);
	const found = new Float32Array(numbers.length);
	expect(await readArray(file, found, 40)).toBe(true);
	expect(found).toEqual(numbers);
	expect(await readArray(file, found, 41)).toBe(false);
	const hash = createHash("sha256");
	updateHash(hash, numbers);
	expect(hash.digest("hex")).toBe(createHash("sha256").update(numbers).digest("hex"));
});
