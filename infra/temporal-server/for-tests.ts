/** vitest's `globalSetup` for tests that need a server: one, in memory, for the whole run. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { resolveTemporalBinary, startTemporalServer } from "./index.ts";

declare module "vitest" {
	interface ProvidedContext {
		/** `inject("temporalAddress")` in a test. */
		temporalAddress: string;
	}
}

/** Starts the server, provides its address and returns what ends it. */
export default async function setup({ provide }: Pick<TestProject, "provide">): Promise<() => Promise<void>> {
	let stage = "";
	const onProgress = (progress: { stage: string }) => {
		if (progress.stage !== stage) process.stderr.write(`${progress.stage}\n`);
		stage = progress.stage;
	};
	const binary = await resolveTemporalBinary({ onProgress });
	const folder = await mkdtemp(join(tmpdir(), "dno-temporal-"));
	const server = await startTemporalServer({ binary, headless: true, logFile: join(folder, "server.log") });
	provide("temporalAddress", server.address);
	return async () => {
		await server.stop();
		await rm(folder, { recursive: true, force: true });
	};
}
