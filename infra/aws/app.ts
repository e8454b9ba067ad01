import { DnoError } from "../../core/errors.ts";
import { buildBundles } from "./build-bundles.ts";
import { createApp } from "./create-app.ts";

/* What cdk.json runs: `npx cdk synth`, `npx cdk deploy`. */

try {
	createApp(await buildBundles()).synth();
} catch (error) {
	if (!(error instanceof DnoError)) throw error;
	process.stderr.write(`${error.message}\n`);
	process.exitCode = error.exitCode;
}
