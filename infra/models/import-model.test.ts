import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { tinyConfig } from "../../bench/golden/tiny-config.ts";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { createRandomModel } from "../../gpu-worker/model/init.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { encodeGguf } from "../../test/unit/gpu-worker/gguf-writer.ts";
import { tinyGguf } from "../../test/unit/gpu-worker/tiny-gguf.ts";
import { importModel } from "./import-model.ts";

const tokenizerFile = join(import.meta.dirname, "../../bench/golden/tokenizer.json");
const servers: Server[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) server.close();
});

async function tinyModel(): Promise<string> {
	const outDir = join(temporaryFolder(), "tiny");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir });
	return outDir;
}

interface Hub {
	readonly url: string;
	/** Requests as `GET /path` with the range that was asked for. */
	readonly requests: string[];
}

/** The hub's own endpoints for one repository, acme/tiny, whose files are a folder's; `answer` may do otherwise. */
async function startHub(
	folder: string,
	answer: (request: IncomingMessage) => { status: number; body?: Uint8Array | string } | undefined = () => undefined,
): Promise<Hub> {
	const requests: string[] = [];
	const list = () =>
		readdirSync(folder).map((path) => {
			const bytes = readFileSync(join(folder, path));
			const oid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
			const sha256 = createHash("sha256").update(bytes).digest("hex");
			const lfs = path.endsWith(".safetensors") && { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } };
			return { type: "file", path, size: bytes.length, oid, ...lfs };
		});
	const server = createServer((request, response) => {
		const path = decodeURIComponent(request.url!.split("?")[0]!);
		const range = request.headers.range;
		requests.push(`${path}${range === undefined ? "" : ` ${range}`}`);
		const other = answer(request);
		if (other !== undefined) return response.writeHead(other.status).end(other.body);
		if (path.startsWith("/api/models/acme/tiny/tree/main")) {
			return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(list()));
		}
		const file = /^\/acme\/tiny\/resolve\/main\/([\w.-]+)$/.exec(path)?.[1];
		if (file === undefined || !existsSync(join(folder, file))) return response.writeHead(404).end("no such thing");
		const bytes = readFileSync(join(folder, file));
		const start = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
		response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start }).end(bytes.subarray(start));
	});
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

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

test("a GGUF file becomes a folder, with progress", async () => {
	const { metadata, tensors, weights } = tinyGguf();
	const folder = temporaryFolder();
	const source = join(folder, "tiny.gguf");
	writeFileSync(source, encodeGguf(metadata, tensors));
	const seen: number[] = [];
	await importModel({ source, out: join(folder, "out"), onProgress: ({ bytes = 0 }) => seen.push(bytes) });
	expect(readModel(join(folder, "out")).weights).toEqual(weights);
	expect(Math.max(...seen)).toBe([...weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0));
});

describe("a repository of the hub", () => {
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
