import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tinyConfig } from "../../../bench/golden/tiny-config.ts";
import { createRandomModel } from "../../../gpu-worker/model/init.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";

const tokenizerFile = join(import.meta.dirname, "../../../bench/golden/tokenizer.json");

/** A folder that the engine runs. */
export async function tinyModel(): Promise<string> {
	const outDir = join(temporaryFolder(), "tiny");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir });
	return outDir;
}

interface Answer {
	readonly status: number;
	readonly body?: Uint8Array | string;
}

export interface Hub {
	readonly url: string;
	/** Requests as `GET /path` with the range that was asked for. */
	readonly requests: string[];
}

/** The hub's own endpoints for one repository, acme/tiny, whose files are a folder's; `answer` may do otherwise. */
export async function startHub(
	folder: string,
	answer: (request: IncomingMessage) => Answer | undefined | Promise<Answer | undefined> = () => undefined,
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
	const server = createServer(async (request, response) => {
		const path = decodeURIComponent(request.url!.split("?")[0]!);
		const range = request.headers.range;
		requests.push(`${path}${range === undefined ? "" : ` ${range}`}`);
		const other = await answer(request);
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
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
