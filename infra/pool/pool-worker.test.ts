import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Whether a process that imports a module has mapped onnxruntime's library. */
async function loadsEngine(module: string): Promise<boolean> {
	const code = `await import(${JSON.stringify(join(import.meta.dirname, module))});
		const { readFileSync } = await import("node:fs");
		process.stdout.write(String(readFileSync("/proc/self/maps", "utf8").includes("onnxruntime")));`;
	const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
	return JSON.parse(stdout);
}

test.skipIf(process.platform !== "linux")("control and judge workers load no engine, GPU workers do", async () => {
	expect(await loadsEngine("pool-worker.ts")).toBe(false);
	expect(await loadsEngine("gpu-workers.ts")).toBe(true);
});
