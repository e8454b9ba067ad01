import { type ArgsDef, defineCommand } from "citty";
import { type Labelled, labelledGroups, readLabelled } from "../../activities/oracle/labelled.ts";
import type { Verdict } from "../../core/records.ts";
import { judgeTrust } from "../../core/trust.ts";
import { familiesOf, type TrustItem } from "../../core/trust-tally.ts";
import { visibleControls } from "../../report/html.ts";
import { parseStrictly, required, wholeNumber } from "../strict-args.ts";
import { firstFailures } from "./failures.ts";
import { loadOracle } from "./load-oracle.ts";
import { type JudgeRoom, judgeRoom } from "./room.ts";
import { trustLines } from "./trust-lines.ts";

const ARGS = {
	judge: { type: "string", valueHint: "file", required: true, description: "The oracle file" },
	labelled: { type: "string", valueHint: "file", required: true, description: "Lines {prompt, responses, scores}" },
	limit: { type: "string", valueHint: "n", description: "Use only the first so many lines" },
	json: { type: "boolean", description: "Print the figures as one line of JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const checkCommand = defineCommand({
	meta: { name: "check", description: "Measure a judge against preferences that are known" },
	args: ARGS,
	run: ({ rawArgs }) => runCheck(rawArgs, (text) => process.stdout.write(text), judgeRoom),
});

/**
 * `dno judge check`: asks a judge about a labelled set and prints its figures; a panel's and each of its judges'.
 *
 * @param print takes the table, or the JSON `{judges: TrustFigures[], failures: {invalid?, unjudged?}}`
 * @returns The exit code: 0 whatever the figures are.
 * @throws {DnoError} The arguments make no sense, or the oracle file or the set is bad, with file and line.
 */
export async function runCheck(
	rawArgs: readonly string[],
	print: (text: string) => void,
	room: JudgeRoom,
): Promise<number> {
	const command = "dno judge check";
	const args = parseStrictly(command, rawArgs, ARGS);
	const judgeFile = required(command, args, "judge");
	const labelledFile = required(command, args, "labelled");
	const limit = wholeNumber(args, "limit", 1);
	const { oracle, folder } = await loadOracle(judgeFile);
	const records = (await readLabelled(labelledFile)).slice(0, limit);
	const verdicts = await room.judgeGroups(oracle, folder, labelledGroups(records));
	const judges = judgeTrust(
		records.map((record, i) => itemOf(record, verdicts[i]!)),
		familiesOf(oracle),
	);
	const failures = firstFailures(verdicts);
	print(
		args.options.has("json")
			? `${JSON.stringify({ judges, failures })}\n`
			: `${visibleControls(trustLines(judges, failures))}\n`,
	);
	return 0;
}

function itemOf({ responses, scores, families }: Labelled, verdict: Verdict): TrustItem {
	const candidates = responses.map((text, i) => ({ text, family: families?.[i] }));
	return { verdict, candidates, labels: scores };
}
