import { basename, join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { importModel } from "../../infra/models/import-model.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createRenderer } from "../render/create-renderer.ts";
import { shortPath } from "../render/event-text.ts";
import { parseStrictly } from "../strict-args.ts";

const ARGS = {
	source: {
		type: "positional",
		description: "A Hugging Face folder, hf:org/name, a .gguf file, or smollm2-135m-instruct",
	},
	out: { type: "string", valueHint: "dir", description: "The folder to write (default: models/<name>)" },
	revision: {
		type: "string",
		valueHint: "rev",
		description: "Branch, tag or commit of a hub repository (default: main)",
	},
	json: { type: "boolean", description: "Print events as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const importCommand = defineCommand({
	meta: {
		name: "import",
		description: "Make a Hugging Face folder of a model",
	},
	args: ARGS,
	run: ({ rawArgs }) => runImport(rawArgs),
});

/**
 * `dno model import`.
 *
 * @returns The exit code.
 * @throws {DnoError} The model cannot be had, or is none that the engine runs.
 */
async function runImport(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno model import", rawArgs, ARGS);
	const source = args.positionals[0]!;
	const out = resolve(args.options.get("out")?.[0] ?? join("models", nameOf(source)));
	const renderer = createRenderer(args.options.has("json"));
	const interrupt = listenForInterrupt(() => renderer.note("Stopping: what is downloaded is kept."));
	const { signal } = interrupt;
	try {
		const remark = await importModel({
			source,
			out,
			revision: args.options.get("revision")?.[0],
			signal,
			onProgress: ({ stage, bytes, total }) =>
				renderer.show({
					event: "setup",
					text: stage,
					...(bytes !== undefined && { done: bytes }),
					...(total !== undefined && { total }),
				}),
		}).catch((error: unknown) => {
			if (!signal.aborted) throw error;
			return undefined;
		});
		if (signal.aborted) return interrupt.exitCode();
		if (remark !== undefined) renderer.note(remark);
		renderer.note(`The model is in ${shortPath(out)}`);
		return 0;
	} finally {
		interrupt.dispose();
		renderer.close();
	}
}

/** The last part of a path or a repository, in lower case. */
function nameOf(source: string): string {
	return basename(resolve(source.replace(/^hf:/, "")), ".gguf").toLowerCase();
}
