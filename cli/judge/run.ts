import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { labelledGroups, readUnlabelled } from "../../activities/oracle/labelled.ts";
import { writeFileAtomic } from "../../activities/store/atomic-write.ts";
import { toJsonLines } from "../../activities/store/json-lines.ts";
import type { CostSummary } from "../../core/cost.ts";
import { DnoError } from "../../core/errors.ts";
import { isProgram } from "../../core/oracle-config.ts";
import { isJudgment, type Verdict } from "../../core/records.ts";
import { preferencesOf, winRates } from "../../core/rewards.ts";
import { visibleControls } from "../../report/html.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createRenderer } from "../render/create-renderer.ts";
import { shortPath } from "../render/event-text.ts";
import { count, dollars } from "../render/format.ts";
import { shellQuote } from "../shell-quote.ts";
import { parseStrictly, required } from "../strict-args.ts";
import { readBudget } from "./budget.ts";
import { checkOut } from "./check-out.ts";
import { failureLines, firstFailures } from "./failures.ts";
import { judgeFile } from "./judge-file.ts";
import { loadOracle } from "./load-oracle.ts";

const ARGS = {
	oracle: {
		type: "string",
		valueHint: "file",
		required: true,
		description: "The oracle: a .yaml, .json or .ts file",
	},
	in: { type: "string", valueHint: "file", required: true, description: "JSON lines {prompt, responses: [text, …]}" },
	out: { type: "string", valueHint: "file", required: true, description: "The verdicts, a line each, in that order" },
	budget: {
		type: "string",
		valueHint: "dollars",
		description: "Ceiling of this run in US dollars, instead of the oracle file's",
	},
	json: { type: "boolean", description: "Print events as JSON, one a line, and the counts last" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

/** Exit code of a judging that has not judged a single line. */
const NOTHING_JUDGED = 1;

/** Exit code of a judging that waits for a higher budget or a judge that takes its calls again. */
const PAUSED = 3;

export const runCommand = defineCommand({
	meta: { name: "run", description: "Judge a file of candidates: durable, resumable, each judgment paid for once" },
	args: ARGS,
	run: ({ rawArgs }) => runJudge(rawArgs, createRenderer, judgeFile),
});

/**
 * `dno judge run`.
 *
 * @returns The exit code: 0 where a line was judged, 1 where none was, 3 where it has paused, 128 + the signal where it was stopped.
 * @throws {DnoError} The oracle or a file will not do, or judging failed.
 */
export async function runJudge(
	rawArgs: readonly string[],
	rendererOf: typeof createRenderer,
	judge: typeof judgeFile,
): Promise<number> {
	const args = parseStrictly("dno judge run", rawArgs, ARGS);
	const command = "dno judge run";
	const oracleFile = required(command, args, "oracle");
	const input = required(command, args, "in");
	const out = resolve(required(command, args, "out"));
	const budget = readBudget(command, args.options.get("budget")?.[0]);
	const { oracle, folder } = await loadOracle(oracleFile);
	if (budget !== undefined && isProgram(oracle)) {
		const what = "what a program judges costs nothing, and has no budget";
		throw new DnoError({ what, where: "--budget", got: budget, mend: "Leave it out", kind: "usage" });
	}
	await checkOut(out, { "--in": input, "--oracle": oracleFile });
	const groups = labelledGroups(await readUnlabelled(input));
	const isJson = args.options.has("json");
	const renderer = rendererOf(isJson);
	const interrupt = listenForInterrupt(() => renderer.note("Stopping: what is judged is kept."));
	const again = commandLine(rawArgs);
	const raised = `${commandLine(withoutBudget(rawArgs))} --budget <dollars>`;
	try {
		const { outcome } = await judge({
			oracle,
			folder,
			groups,
			...(budget !== undefined && { budget }),
			emit: (event) => {
				const resume = event.event === "paused" && event.kind === "ceiling" ? raised : again;
				renderer.show(event.event === "paused" ? { ...event, resume } : event);
			},
			signal: interrupt.signal,
		});
		if (outcome.kind === "paused") return PAUSED;
		if (outcome.kind === "stopped") {
			renderer.note(`Stopped. Go on with: ${again}`);
			return interrupt.exitCode();
		}
		const { verdicts, costs } = outcome;
		await writeFileAtomic(out, toJsonLines(verdicts.map(withWinRates)));
		const counts = countsOf(verdicts, costs);
		// With --json notes are on stderr; the counts are said once.
		const said = [...(isJson ? [] : summary(counts, out)), ...failureLines(firstFailures(verdicts))];
		if (said.length > 0) renderer.note(visibleControls(said.join("\n")));
		if (isJson) process.stdout.write(`${JSON.stringify(counts)}\n`);
		return counts.judged === 0 ? NOTHING_JUDGED : 0;
	} finally {
		interrupt.dispose();
		renderer.close();
	}
}

function commandLine(rawArgs: readonly string[]): string {
	return ["npx", "dno", "judge", "run", ...rawArgs].map(shellQuote).join(" ");
}

function withoutBudget(rawArgs: readonly string[]): string[] {
	return rawArgs.filter((arg, i) => !/^--budget(=|$)/.test(arg) && rawArgs[i - 1] !== "--budget");
}

/** A verdict with r̂ of its candidates (Algorithm 2, step 3); null where one was compared with none. */
function withWinRates(verdict: Verdict) {
	if (!isJudgment(verdict)) return verdict;
	return { ...verdict, winRates: winRates(preferencesOf(verdict)).map((rate) => rate ?? null) };
}

interface Counts {
	readonly judged: number;
	readonly invalid: number;
	readonly unjudged: number;
	/** Calls made, the failed ones and repairs included, by all runs of this command. */
	readonly calls: number;
	/** Judgments that the verdict store had. */
	readonly repeated: number;
	/** US dollars. */
	readonly cost: number;
}

function countsOf(verdicts: readonly Verdict[], { total }: CostSummary): Counts {
	const of = (kind: Verdict["kind"]) => verdicts.filter((verdict) => verdict.kind === kind).length;
	return {
		judged: verdicts.filter(isJudgment).length,
		invalid: of("invalid"),
		unjudged: of("unjudged"),
		calls: total.attempts,
		repeated: total.repeated,
		cost: total.spent,
	};
}

function summary({ judged, invalid, unjudged, calls, repeated, cost }: Counts, out: string): string[] {
	return [
		`${count(judged)} judged, ${count(invalid)} invalid, ${count(unjudged)} unjudged: ${shortPath(out)}`,
		`${count(calls)} calls for ${dollars(cost)}, ${count(repeated)} judgments found in the verdict store`,
	];
}
