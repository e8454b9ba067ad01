/**
 * Installs the package from its tarball and the registry in an empty project and uses it. Needs the network and minutes,
 * which is why it is no test: `node infra/publish/check.ts`, before a release.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { makeAppFolder } from "./app-folder.ts";
import { packPackage } from "./pack.ts";
import { tryPackage } from "./try-package.ts";

const app = await makeAppFolder();
try {
	const tarball = await packPackage(app);
	console.log("Installing", tarball);
	// onnxruntime-node's install script fetches CUDA from a host that may be out of reach, and then fails the install.
	const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
	await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", tarball], { cwd: app, env });
	console.log("Running a campaign in", app);
	await tryPackage(app);
	console.log("The package works.");
} finally {
	await rm(app, { recursive: true, force: true });
}
