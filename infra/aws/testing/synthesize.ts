import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CloudFormationStackArtifact } from "aws-cdk-lib/cx-api";
import { createApp } from "../create-app.ts";

const CDK = JSON.parse(readFileSync(new URL("../../../cdk.json", import.meta.url), "utf8")) as {
	readonly context: Readonly<Record<string, unknown>>;
};

/** A CloudFormation template's resource. */
export interface Resource {
	readonly Type: string;
	// biome-ignore lint/suspicious/noExplicitAny: as deep and as various as CloudFormation's types are
	readonly Properties: any;
}

export interface Template {
	readonly Resources: Readonly<Record<string, Resource>>;
	readonly Parameters?: Readonly<Record<string, object>>;
	readonly Outputs?: Readonly<Record<string, object>>;
}

export interface Synthesized {
	/** By the stack's name without the deployment's. */
	readonly templates: ReadonlyMap<string, Template>;
	readonly folder: string;
}

/** The templates of the settings, made as `npx cdk synth` does, with stand-ins for the functions' code. */
export function synthesize(settings: Readonly<Record<string, string>>): Synthesized {
	const folder = mkdtempSync(join(tmpdir(), "dno-cdk-"));
	const bundle = join(folder, "bundle");
	mkdirSync(bundle);
	writeFileSync(join(bundle, "index.mjs"), "export const handler = async () => {};\n");
	writeFileSync(join(bundle, "build.json"), JSON.stringify({ buildId: "0123456789abcdef" }));
	const outdir = join(folder, "out");
	const app = createApp({ judges: bundle, backlog: bundle }, { outdir, context: { ...CDK.context, ...settings } });
	const { stacks } = app.synth();
	const name = settings.name ?? "dno";
	const templates = stacks.map((stack: CloudFormationStackArtifact) => [
		stack.stackName.slice(name.length + 1),
		stack.template as Template,
	]);
	return { templates: new Map(templates as [string, Template][]), folder };
}
