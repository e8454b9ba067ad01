import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { bundleBacklog } from "./build-bundles.ts";

test("the bundled backlog function reads its keys and writes the counts of a Temporal server", async () => {
	const folder = mkdtempSync(join(tmpdir(), "dno-backlog-"));
	const secrets = createServer((request, response) => {
		request.resume();
		response.setHeader("content-type", "application/x-amz-json-1.1");
		response.end(JSON.stringify({ SecretString: JSON.stringify({ OPENAI_API_KEY: "sk-planted" }) }));
	});
	await new Promise<void>((done) => secrets.listen(0, "127.0.0.1", done));
	try {
		await bundleBacklog(folder);
		// Lambda's runtime has the SDK.
		symlinkSync(resolve(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
		const workspace = `dno-${randomBytes(4).toString("hex")}`;
		const script = `await (await import(${JSON.stringify(join(folder, "index.mjs"))})).handler(); process.exit()`;
		const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
			env: {
				TEMPORAL_ADDRESS: inject("temporalAddress" as never),
				TEMPORAL_CONFIG_FILE: "",
				DNO_WORKSPACE_ID: workspace,
				DNO_SECRET_ID: "keys",
				AWS_REGION: "eu-central-1",
				AWS_ACCESS_KEY_ID: "id",
				AWS_SECRET_ACCESS_KEY: "key",
				AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(secrets.address() as AddressInfo).port}`,
			},
		});
		expect(JSON.parse(stdout)).toMatchObject({ Workspace: workspace, GpuStepsWanted: 0, JudgeWorkers: 0 });
		expect(stdout).not.toContain("sk-planted");
	} finally {
		secrets.close();
		rmSync(folder, { recursive: true, force: true });
	}
});
