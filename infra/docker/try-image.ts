import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { resolveTemporalBinary, startTemporalServer } from "../temporal-server/index.ts";
import { execForm, healthCheck, type Stage } from "./read-dockerfile.ts";

/** How long a worker may take to say that it is well, and to end. */
const WAIT_MS = 60_000;

/**
 * Runs an image's command in the folder where its files lie, beside a real Temporal server: it becomes healthy by its own health
 * check, and ends with 0 at SIGTERM.
 *
 * @param image what is `/` to the image
 */
export async function tryImage(stage: Stage, image: string): Promise<void> {
	const here = (word: string) =>
		word === "node" ? process.execPath : word.replace(/^\/(?=app|work|cache)/, `${image}/`);
	await mkdir(join(image, "work"), { recursive: true });
	const server = await startTemporalServer({
		...{ binary: await resolveTemporalBinary(), headless: true },
		logFile: join(image, "server.log"),
	});
	try {
		const env = { PATH: "/usr/bin:/bin", HOME: image, NODE_ENV: "production", TEMPORAL_ADDRESS: server.address };
		const options = { cwd: join(image, "work"), env };
		const [program, ...args] = [...execForm(stage, "ENTRYPOINT"), ...execForm(stage, "CMD")].map(here);
		const child = spawn(program!, args, { ...options, stdio: ["ignore", "inherit", "inherit"] });
		const ended = once(child, "exit") as Promise<[number | null]>;
		try {
			const [check, ...words] = healthCheck(stage).map(here);
			const isHealthy = () =>
				promisify(execFile)(check!, words, options).then(
					() => true,
					() => false,
				);
			const end = Date.now() + WAIT_MS;
			while (!(await isHealthy())) {
				assert.equal(child.exitCode, null, `${stage.name} ended by itself`);
				assert.ok(Date.now() < end, `${stage.name} does not become healthy`);
				await sleep(500);
			}
			child.kill(stage.instructions.find(({ name }) => name === "STOPSIGNAL")!.text as NodeJS.Signals);
			const [code] = await Promise.race([ended, sleep(WAIT_MS, [undefined])]);
			assert.equal(code, 0, `${stage.name} does not end with 0 at its stop signal`);
			assert.equal(await isHealthy(), false, `${stage.name} is healthy when it has ended`);
			console.log(`${stage.name}: its command starts, becomes healthy and drains`);
		} finally {
			child.kill("SIGKILL");
		}
	} finally {
		await server.stop();
	}
}
