import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DnoError } from "../../../core/errors.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { encodeGguf, type GgufEntry } from "../../../test/unit/gpu-worker/gguf-writer.ts";
import { tinyGguf } from "../../../test/unit/gpu-worker/tiny-gguf.ts";
import { checkModel, readModel } from "../../model/folder.ts";
import { convertGguf } from "./convert.ts";

const { config, weights, metadata, tensors } = tinyGguf();

/** Writes the bytes and converts them. */
async function convert(bytes: Uint8Array): Promise<string> {
	const folder = temporaryFolder();
	return convertIn(folder, bytes);
}

async function convertIn(folder: string, bytes: Uint8Array, name = "model"): Promise<string> {
	const dir = join(folder, name);
	mkdirSync(dir);
	writeFileSync(join(folder, "tiny.gguf"), bytes);
	await convertGguf(join(folder, "tiny.gguf"), dir);
	return dir;
}

/** The file with one tensor changed. */
function changed(name: string, change: Partial<GgufEntry>): Uint8Array {
	return encodeGguf(
		metadata,
		tensors.map((tensor) => (tensor.name === name ? { ...tensor, ...change } : tensor)),
	);
}

test("weights come back bit for bit, rows of queries and keys in Hugging Face's order", async () => {
	const dir = await convert(encodeGguf(metadata, tensors));
	checkModel(dir);
	const read = readModel(dir);
	expect(read.weights).toEqual(weights);
	const { bosTokenId, eosTokenIds, padTokenId, initializerRange, ...shape } = config;
	expect(read.config).toMatchObject({ ...shape, eosTokenIds: [2] });
});

describe("what cannot be read is one error that names file and tensor", () => {
	test.for<[string, () => Uint8Array, RegExp]>([
		["nothing", () => Buffer.alloc(0), /tiny\.gguf: not a GGUF file, or cut off/],
		["another format", () => Buffer.from("PK\u0003\u0004 a zip"), /tiny\.gguf: not a GGUF file, or cut off/],
		[
			"a header cut off",
			() => encodeGguf(metadata, tensors).subarray(0, 300),
			/tiny\.gguf: not a GGUF file, or cut off/,
		],
		["weights cut off", () => encodeGguf(metadata, tensors).subarray(0, -5000), /tensor \S+ ends behind the end/],
		[
			"an unknown quantisation",
			() => changed("blk.0.ffn_up.weight", { type: 19 }),
			/tensor blk\.0\.ffn_up\.weight has a quantization that is not supported. got "IQ1_S"/,
		],
		[
			"a quantisation of the future",
			() => changed("blk.0.ffn_up.weight", { type: 250 }),
			/not supported. got "type 250"/,
		],
		["overlapping tensors", () => changed("blk.0.ffn_up.weight", { offset: 32 }), /tensor \S+ overlaps \S+/],
		[
			"a tensor that no Llama has",
			() => changed("blk.0.ffn_up.weight", { name: "blk.0.ssm_in.weight" }),
			/tensor blk\.0\.ssm_in\.weight is none that this architecture has/,
		],
		[
			"NaN weights",
			() =>
				changed("blk.0.ffn_up.weight", {
					data: new Uint8Array(tensors.find(({ name }) => name === "blk.0.ffn_up.weight")!.data.length).fill(0xff),
				}),
			/tensor blk\.0\.ffn_up\.weight holds NaN or infinity/,
		],
		[
			"another architecture",
			() => encodeGguf({ ...metadata, "general.architecture": "mamba" }, tensors),
			/unsupported architecture. got "mamba". Use a model of one of: llama, qwen2, qwen3/,
		],
	])("%s", async ([, bytes, says], { expect }) => {
		await expect(convert(bytes())).rejects.toThrow(says);
		await expect(convert(bytes())).rejects.toThrow(DnoError);
	});

	test("any damage to the header: refused with one error, or read", async () => {
		const folder = temporaryFolder();
		const whole = encodeGguf(metadata, tensors);
		let count = 0;
		const damage = fc.array(fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
		await fc.assert(
			fc.asyncProperty(damage, fc.option(fc.nat({ max: whole.length })), async (changes, end) => {
				const bytes = Buffer.from(whole.subarray(0, end ?? whole.length));
				for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
				count += 1;
				const outcome = await convertIn(folder, bytes, `model-${count}`).catch((error: unknown) => error);
				if (typeof outcome !== "string") expect(outcome).toBeInstanceOf(DnoError);
			}),
			{ numRuns: 60 },
		);
	});
});
