import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { mendPath } from "../../activities/datasets/near-names.ts";
import { labelledGroups } from "../../activities/oracle/labelled.ts";
import { DnoError } from "../../core/errors.ts";
import { visibleControls } from "../../report/html.ts";
import { parseStrictly, required } from "../strict-args.ts";
import { exchangeLines } from "./exchange-lines.ts";
import { loadOracle } from "./load-oracle.ts";
import { type JudgeRoom, judgeRoom } from "./room.ts";

const ARGS = {
	a: { type: "positional", description: "A text file: one response" },
	b: { type: "positional", description: "A text file: the other response" },
	judge: { type: "string", valueHint: "file", required: true, description: "The oracle file" },
	prompt: { type: "string", valueHint: "text", required: true, description: "What was responded to" },
	json: { type: "boolean", description: "Print the verdict and all exchanges as one line of JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const tryCommand = defineCommand({
	meta: { name: "try", description: "Ask a judge about two responses, and see the whole exchange" },
	args: ARGS,
	run: ({ rawArgs }) => runTry(rawArgs, (text) => process.stdout.write(text), judgeRoom),
});

/**
 * `dno judge try`: what a judge is sent about two responses to a prompt, what it replies, and how that is read.
 *
 * @param print takes the exchange
 * @returns The exit code: 0 whatever the verdict is.
 * @throws {DnoError} The arguments make no sense, the oracle file is bad, or a text cannot be read or is empty.
 */
export async function runTry(
	rawArgs: readonly string[],
	print: (text: string) => void,
	room: JudgeRoom,
): Promise<number> {
	const command = "dno judge try";
	const args = parseStrictly(command, rawArgs, ARGS);
	const judgeFile = required(command, args, "judge");
	const prompt = required(command, args, "prompt");
	const [a, b] = args.positionals as [string, string];
	const { oracle, folder } = await loadOracle(judgeFile);
	const responses = [await readResponse(a), await readResponse(b)];
	if (responses[0] === responses[1])
		throw new DnoError({ what: `${a} and ${b} say the same`, mend: "Name two that differ", kind: "usage" });
	const [group] = labelledGroups([{ prompt, responses }]);
	const { verdict, exchanges } = await room.exchanges(oracle, folder, group!);
	const names = basename(a) === basename(b) ? [a, b] : [basename(a), basename(b)];
	print(
		args.options.has("json")
			? `${JSON.stringify({ verdict, exchanges })}\n`
			: `${visibleControls(exchangeLines(names, verdict, exchanges).join("\n"))}\n`,
	);
	return 0;
}

async function readResponse(file: string): Promise<string> {
	const text = await readFile(file, "utf8").catch(async (cause) => {
		const mend = await mendPath(file);
		throw new DnoError({ what: "the text cannot be read", where: file, got: cause.code, mend, kind: "usage", cause });
	});
	// An editor's last line end is not part of what was responded.
	const response = text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
	if (response === "") throw new DnoError({ what: "the text is empty", where: file, kind: "usage" });
	return response;
}
