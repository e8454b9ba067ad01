import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../gpu-worker/formats/safetensors.ts";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { readOrigin } from "../../gpu-worker/model/origin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { encodeGguf } from "../../test/unit/gpu-worker/gguf-writer.ts";
import { tinyGguf } from "../../test/unit/gpu-worker/tiny-gguf.ts";
import { importModel } from "./import-model.ts";
import { startHub, tinyModel } from "./testing/download-hub.ts";

describe("a model folder", () => {
	test("is copied whole", async () => {
		const source = await tinyModel();
		const out = join(temporaryFolder(), "copy");
		await importModel({ source, out });
		expect(readModel(out)).toEqual(readModel(source));
		await expect(importModel({ source, out })).rejects.toThrow(`${out}: there is something already`);
	});

	test("that the engine does not run is refused, and nothing is left", async () => {
		const source = await tinyModel();
		writeFileSync(join(source, "config.json"), JSON.stringify({ architectures: ["GPT2LMHeadModel"] }));
		const folder = temporaryFolder();
		await expect(importModel({ source, out: join(folder, "copy") })).rejects.toThrow("unsupported architecture");
		expect(readdirSync(folder)).toEqual([]);
	});
});

test("of a folder, the weights that the engine reads are copied, with an adapter and the licence", async () => {
	const source = await tinyModel();
	const others = ["consolidated.safetensors", "model.safetensors.index.json", "weights.bin"];
	const kept = ["LICENSE", "NOTICE.md", "README.md", "adapter_config.json", "adapter_model.safetensors"];
	for (const name of [...others, ...kept]) writeFileSync(join(source, name), "{}");
	const out = join(temporaryFolder(), "copy");
	await importModel({ source, out });
	const names = [...kept, "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
	expect(readdirSync(out).toSorted()).toEqual(names.toSorted());
});

test("a GGUF file becomes a folder, with progress", async () => {
	const { metadata, tensors, weights } = tinyGguf();
	const folder = temporaryFolder();
	const source = join(folder, "tiny.gguf");
	writeFileSync(source, encodeGguf(metadata, tensors));
	const seen: number[] = [];
	await importModel({ source, out: join(folder, "out"), onProgress: ({ bytes = 0 }) => seen.push(bytes) });
	expect(readModel(join(folder, "out")).weights).toEqual(weights);
	expect(readOrigin(join(folder, "out"))).toEqual({ schemaVersion: 1, source: "tiny.gguf" });
	expect(Math.max(...seen)).toBe([...weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0));
});

test("what is wrong with a GGUF file's model names the file, not the folder that was being made", async () => {
	const { metadata, tensors } = tinyGguf();
	const folder = temporaryFolder();
	const source = join(folder, "tiny.gguf");
	const less = tensors.filter(({ name }) => name !== "blk.0.ffn_up.weight");
	writeFileSync(source, encodeGguf(metadata, less));
	await expect(importModel({ source, out: join(folder, "out") })).rejects.toThrow(
		`${source}: model.safetensors: tensor model.layers.0.mlp.up_proj.weight is missing`,
	);
	expect(readdirSync(folder)).toEqual(["tiny.gguf"]);
});

describe("imports into the same folder", () => {
	test("a second one is refused while the first is at work", async () => {
		const model = await tinyModel();
		const out = join(temporaryFolder(), "tiny");
		let second: Promise<unknown> | undefined;
		const hub = await startHub(model, async ({ url }) => {
			if (!url!.endsWith("/model.safetensors")) return undefined;
			second ??= importModel({ source: "hf:acme/tiny", out, env: { HF_ENDPOINT: hub.url } }).catch((error) => error);
			await second;
			return undefined;
		});
		await importModel({ source: "hf:acme/tiny", out, env: { HF_ENDPOINT: hub.url } });
		expect(String(await second)).toContain(`${out}: process ${process.pid} is importing a model to here`);
		expect(hub.requests.filter((path) => path.includes("/tree/"))).toHaveLength(1);
		expect(readModel(out)).toEqual(readModel(model));
		expect(readdirSync(dirname(out))).toEqual(["tiny"]);
	});

	test("what killed ones left is removed, and nobody else's", async () => {
		const source = await tinyModel();
		const folder = temporaryFolder();
		const id = "0b29f5e8-52b7-4d36-9c0c-0f2f3d4a5b6c";
		for (const name of [`m.${id}.tmp`, `m.big.${id}.tmp`, "m.tmp"]) mkdirSync(join(folder, name));
		writeFileSync(join(folder, "m.lock"), JSON.stringify({ pid: 2 ** 22 + 1 }));
		await importModel({ source, out: join(folder, "m") });
		expect(readdirSync(folder)).toEqual(["m", `m.big.${id}.tmp`, "m.tmp"]);
	});
});

describe("a repository of the hub", () => {
	/** Changes a model's config.json. */
	function reconfigure(model: string, changes: Record<string, unknown>): void {
		const file = join(model, "config.json");
		writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...changes }));
	}

	test.for([
		[
			"of another architecture",
			{ architectures: ["Gemma2ForCausalLM"] },
			"hf:acme/tiny/config.json: unsupported architecture",
		],
		["whose tokenizer does not fit", { vocab_size: 19 }, "hf:acme/tiny/tokenizer.json: the tokenizer's ids do not fit"],
	] as const)("%s is refused before its weights are fetched, and leaves nothing", async ([, changes, says]) => {
		const model = await tinyModel();
		reconfigure(model, changes);
		const hub = await startHub(model);
		const folder = temporaryFolder();
		const job = { source: "hf:acme/tiny", out: join(folder, "tiny"), env: { HF_ENDPOINT: hub.url } };
		await expect(importModel(job)).rejects.toThrow(says);
		expect(hub.requests.join()).not.toContain(".safetensors");
		expect(readdirSync(folder)).toEqual([]);
	});

	test("whose weights are others than its config says is refused by its name; they are not fetched again", async () => {
		const model = await tinyModel();
		reconfigure(model, { intermediate_size: 7 });
		const hub = await startHub(model);
		const job = { source: "hf:acme/tiny", out: join(temporaryFolder(), "tiny"), env: { HF_ENDPOINT: hub.url } };
		const says = "hf:acme/tiny/model.safetensors: tensor model.layers.0.mlp.gate_proj.weight has not the shape";
		for (let i = 0; i < 2; i++) await expect(importModel(job)).rejects.toThrow(says);
		expect(hub.requests.filter((path) => path.endsWith("model.safetensors"))).toHaveLength(1);
		expect(existsSync(`${job.out}.download/model.safetensors`)).toBe(true);
	});

	test("brings its card and licence, and of its weights those that are read", async () => {
		const model = await tinyModel();
		for (const name of ["README.md", "LICENSE.txt", "NOTICE", "consolidated.safetensors"])
			writeFileSync(join(model, name), "x");
		const hub = await startHub(model);
		const out = join(temporaryFolder(), "tiny");
		await importModel({ source: "hf:acme/tiny", out, env: { HF_ENDPOINT: hub.url } });
		const names = readdirSync(model).filter((name) => name !== "consolidated.safetensors");
		expect(readdirSync(out)).toEqual(names);
		expect(hub.requests.join()).not.toContain("consolidated");
	});

	test("in shards is brought as its index says; one that is not there is named", async () => {
		const model = await tinyModel();
		const whole = readModel(model);
		const file = join(model, "model.safetensors");
		const { tensors } = readSafetensors(file);
		rmSync(file);
		const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
		const half = ([name]: readonly [string, unknown]) => (name.includes("layers.0") ? shards[0] : shards[1]);
		for (const shard of shards)
			await writeSafetensors(join(model, shard), new Map([...tensors].filter((each) => half(each) === shard)));
		const index = { weight_map: Object.fromEntries([...tensors].map((each) => [each[0], half(each)])) };
		writeFileSync(join(model, "model.safetensors.index.json"), JSON.stringify(index));
		writeFileSync(join(model, "consolidated.safetensors"), "x");
		const hub = await startHub(model);
		const job = { source: "hf:acme/tiny", out: join(temporaryFolder(), "tiny"), env: { HF_ENDPOINT: hub.url } };
		// Of another repository, cut off.
		mkdirSync(`${job.out}.download`);
		writeFileSync(`${job.out}.download/model.safetensors`, "x");
		await importModel(job);
		expect(readModel(job.out)).toEqual(whole);
		expect(hub.requests.join()).not.toContain("consolidated");
		rmSync(join(model, shards[1]));
		await expect(importModel({ ...job, out: `${job.out}2` })).rejects.toThrow(
			`the repository has no ${shards[1]}. got`,
		);
	});

	test("that fills the disk is not the network's fault", async () => {
		const hub = await startHub(await tinyModel());
		const job = { source: "hf:acme/tiny", out: join(temporaryFolder(), "tiny"), env: { HF_ENDPOINT: hub.url } };
		mkdirSync(`${job.out}.download`);
		symlinkSync("/dev/full", `${job.out}.download/model.safetensors.part`);
		await expect(importModel(job)).rejects.toThrow(`${job.out}.download: the disk is full`);
	});

	test("is downloaded, with the token, and checked", async () => {
		const model = await tinyModel();
		writeFileSync(join(model, "pytorch_model.bin"), "not wanted");
		const tokens: (string | undefined)[] = [];
		const hub = await startHub(model, ({ headers }) => {
			tokens.push(headers.authorization);
			return undefined;
		});
		const out = join(temporaryFolder(), "tiny");
		await importModel({ source: "hf:acme/tiny", out, env: { HF_ENDPOINT: hub.url, HF_TOKEN: "hf_secret" } });
		expect(readModel(out)).toEqual(readModel(model));
		expect(new Set(tokens)).toEqual(new Set(["Bearer hf_secret"]));
		expect(hub.requests.join()).not.toContain("pytorch_model.bin");
		expect(existsSync(`${out}.download`)).toBe(false);
	});

	test("goes on where a download was cut off", async () => {
		const model = await tinyModel();
		const out = join(temporaryFolder(), "tiny");
		let isCut = true;
		const half = Math.floor(readFileSync(join(model, "model.safetensors")).length / 2);
		const hub = await startHub(model, ({ url }) => {
			if (!isCut || !url!.endsWith("model.safetensors")) return undefined;
			return { status: 503, body: "busy" };
		});
		const env = { HF_ENDPOINT: hub.url };
		await expect(importModel({ source: "hf:acme/tiny", out, env })).rejects.toThrow("503");
		expect(existsSync(out)).toBe(false);
		const part = join(`${out}.download`, "model.safetensors.part");
		writeFileSync(part, readFileSync(join(model, "model.safetensors")).subarray(0, half));
		isCut = false;
		hub.requests.length = 0;
		await importModel({ source: "hf:acme/tiny", out, env });
		expect(readModel(out)).toEqual(readModel(model));
		expect(hub.requests).toContain(`/acme/tiny/resolve/main/model.safetensors bytes=${half}-`);
		expect(hub.requests).not.toContain("/acme/tiny/resolve/main/config.json");
	});

	test("with a file that is not the listed one is refused, and fetched anew the next time", async () => {
		const model = await tinyModel();
		let isBad = true;
		const size = readFileSync(join(model, "model.safetensors")).length;
		const hub = await startHub(model, ({ url }) =>
			isBad && url!.endsWith("model.safetensors") ? { status: 200, body: Buffer.alloc(size) } : undefined,
		);
		const job = { source: "hf:acme/tiny", out: join(temporaryFolder(), "tiny"), env: { HF_ENDPOINT: hub.url } };
		await expect(importModel(job)).rejects.toThrow("has not the size or checksum that the hub lists");
		expect(existsSync(job.out)).toBe(false);
		isBad = false;
		await importModel(job);
		expect(readModel(job.out)).toEqual(readModel(model));
	});

	test.for([
		["hf:acme/other", "the hub does not give acme/other: "],
		["hf:acme", "not a repository of the hub"],
		["hf:../../etc/passwd", "not a repository of the hub"],
	] as const)("%s is one error", async ([source, says], { expect }) => {
		const hub = await startHub(await tinyModel());
		const folder = temporaryFolder();
		const job = { source, out: join(folder, "tiny"), env: { HF_ENDPOINT: hub.url } };
		await expect(importModel(job)).rejects.toThrow(says);
		expect(existsSync(job.out)).toBe(false);
	});
});

test.for([
	["smolm2-135m-instruct", "Did you mean smollm2-135m-instruct?"],
	["/no/such/model.gguf", "there is no such model"],
	[import.meta.filename, "there is no such model"],
] as const)("a source that is none: %s", async ([source, says], { expect }) => {
	await expect(importModel({ source, out: join(temporaryFolder(), "x") })).rejects.toThrow(says);
});

test("a revision belongs to hub repositories only", async () => {
	const job = { source: await tinyModel(), out: join(temporaryFolder(), "x"), revision: "main" };
	await expect(importModel(job)).rejects.toThrow("--revision is of hub repositories only");
});
