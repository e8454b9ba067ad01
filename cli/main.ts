#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheFolder } from "../infra/temporal-server/cache-folder.ts";
import { reportError } from "./report-error.ts";
import { drainStandardStreams, guardStandardStreams } from "./standard-streams.ts";

const rawArgs = process.argv.slice(2);
const isDebug = rawArgs.includes("--debug");

guardStandardStreams();
// What nobody waits for fails like everything else: with one line.
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

// A third of the time until a campaign begins was compiling the same modules again.
enableCompileCache(join(cacheFolder(process.env), "compiled"));

try {
	const { dispatch } = await import("./dispatch.ts");
	const exitCode = await dispatch(rawArgs, version(), (text) => process.stdout.write(text));
	await drainStandardStreams();
	// Temporal's native side may keep the event loop alive.
	process.exit(exitCode);
} catch (error) {
	fail(error);
}

function fail(error: unknown): void {
	const { text, exitCode } = reportError(error, isDebug);
	process.stderr.write(text, () => process.exit(exitCode));
}

function version(): string {
	const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
	return manifest.version;
}
