import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../infra/temporal-server/ports.ts";
import { findVersitygw } from "./find-versitygw.ts";

/** A real S3 server of the tests' own, on 127.0.0.1, with one bucket. */
export interface S3Server {
	readonly endpoint: string;
	readonly bucket: string;
	/** Where it keeps the bucket: a file in it is an object. */
	readonly folder: string;
	/** AWS's own variables that lead to it. */
	readonly env: Readonly<Record<string, string>>;
	stop(): Promise<void>;
}

/** Set for the whole process: a test file's own, as vitest runs it. */
export function useS3(server: S3Server): void {
	Object.assign(process.env, server.env);
}

/** @returns undefined where the server cannot be had, which is said aloud */
export async function startS3Server(): Promise<S3Server | undefined> {
	const found = await findVersitygw();
	if ("reason" in found) {
		process.stderr.write(
			`\n*** SKIPPED: tests of the store on S3. No S3 server: ${found.reason}.\n` +
				"*** Install Go, or set VERSITYGW to a versitygw binary.\n\n",
		);
		return undefined;
	}
	const folder = mkdtempSync(join(tmpdir(), "dno-s3-"));
	const [data, bucket] = [join(folder, "data"), "dno-tests"];
	// A folder is a bucket of this server.
	mkdirSync(join(data, bucket), { recursive: true });
	const port = await freePort();
	const endpoint = `http://127.0.0.1:${port}`;
	const [access, secret] = ["test-access", "test-secret"];
	const place = ["--port", `127.0.0.1:${port}`, "--region", "us-east-1"];
	const child = spawn(found.binary, [...place, "--quiet", "--keep-alive", "posix", data], {
		env: { ...process.env, ROOT_ACCESS_KEY_ID: access, ROOT_SECRET_ACCESS_KEY: secret },
		stdio: "ignore",
	});
	const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	// A test process that is killed takes it along as far as it can.
	const kill = () => child.kill("SIGKILL");
	process.once("exit", kill);
	for (let i = 0; i < 100 && !(await answers(endpoint)); i++) await sleep(50);
	return {
		...{ endpoint, bucket, folder: join(data, bucket) },
		env: {
			AWS_ENDPOINT_URL_S3: endpoint,
			AWS_REGION: "us-east-1",
			AWS_ACCESS_KEY_ID: access,
			AWS_SECRET_ACCESS_KEY: secret,
			DNO_STORE_CACHE: join(folder, "cache"),
		},
		async stop() {
			process.off("exit", kill);
			child.kill("SIGTERM");
			await Promise.race([ended, sleep(2_000)]);
			child.kill("SIGKILL");
			await ended;
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

async function answers(endpoint: string): Promise<boolean> {
	return await fetch(endpoint).then(
		() => true,
		() => false,
	);
}
