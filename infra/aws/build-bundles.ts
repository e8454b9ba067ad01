import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { DnoError } from "../../core/errors.ts";
import { ES_MODULE } from "../lambda/es-module.ts";
import type { Bundles } from "./create-app.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Builds what the functions run, always: a template must not go out with the code of last week. Takes some seconds. */
export async function buildBundles(): Promise<Bundles> {
	const backlog = join(ROOT, "dist/backlog");
	const [judges] = await Promise.all([buildJudges(), bundleBacklog(backlog)]);
	return { judges, backlog };
}

async function buildJudges(): Promise<string> {
	const script = join(ROOT, "infra/lambda/build.ts");
	await promisify(execFile)(process.execPath, [script], { cwd: ROOT }).catch((cause: { readonly stderr?: string }) => {
		const where = "npm run build:lambda";
		throw new DnoError({ what: `the judges' function cannot be built: ${cause.stderr}`, where, cause });
	});
	return join(ROOT, "dist/lambda/function");
}

/** One file, without the AWS SDK's clients that Lambda's runtime has. */
export async function bundleBacklog(outdir: string): Promise<void> {
	await build({
		absWorkingDir: ROOT,
		entryPoints: { index: "infra/backlog/handler.ts" },
		outdir,
		...ES_MODULE,
		external: ["@aws-sdk/*"],
	});
}
