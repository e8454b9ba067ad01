import { type ArgsDef, defineCommand } from "citty";
import { drainWorkers } from "../../infra/pool/drain.ts";
import { parseStrictly } from "../strict-args.ts";
import { requiredWorkspaceOf, WORKSPACE_ARG } from "./options.ts";

const ARGS = {
	name: { type: "positional", required: false, description: "The worker; without it, all of this host" },
	workspace: WORKSPACE_ARG,
	json: { type: "boolean", description: "Print the ended workers as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const drainCommand = defineCommand({
	meta: { name: "drain", description: "End workers of this host, e.g. dno worker drain gpu-1" },
	args: ARGS,
	run: ({ rawArgs }) => drain(rawArgs, (text) => process.stdout.write(text)),
});

/** @returns The exit code. */
async function drain(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno worker drain", rawArgs, ARGS);
	const workspace = await requiredWorkspaceOf(args, "workers", "usage");
	const ended = await drainWorkers(workspace, args.positionals[0]);
	const text = ended.length === 0 ? "No worker runs here." : `Drained ${ended.map(({ name }) => name).join(", ")}.`;
	print(args.options.has("json") ? `${JSON.stringify(ended)}\n` : `${text}\n`);
	return 0;
}
