import { type ArgsDef, defineCommand } from "citty";
import { healthyWorkers } from "../../infra/pool/health.ts";
import { parseStrictly } from "../strict-args.ts";
import { requiredWorkspaceOf, WORKSPACE_ARG } from "./options.ts";

const ARGS = {
	name: { type: "positional", required: false, description: "The worker; without it, all of this host" },
	workspace: WORKSPACE_ARG,
	json: { type: "boolean", description: "Print the workers as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const healthCommand = defineCommand({
	meta: { name: "health", description: "End with 0 if workers of this host are well, e.g. dno worker health gpu-1" },
	args: ARGS,
	run: ({ rawArgs }) => health(rawArgs),
});

/** @returns The exit code: 0, since it throws where one is not well. */
async function health(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno worker health", rawArgs, ARGS);
	const workspace = await requiredWorkspaceOf(args, "workers");
	const workers = await healthyWorkers(workspace, args.positionals[0]);
	const text = workers.map(({ name }) => `${name} is well`).join("\n");
	process.stdout.write(`${args.options.has("json") ? JSON.stringify(workers) : text}\n`);
	return 0;
}
