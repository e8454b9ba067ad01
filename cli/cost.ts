import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { type CostRow, type CostSummary, costsBy, summarizeCosts } from "../core/cost.ts";
import { DnoError } from "../core/errors.ts";
import { ledgerOf } from "../infra/workspace/campaign-file.ts";
import { hasLedger, openLedger } from "../infra/workspace/open-store.ts";
import { budgetIn } from "./campaign-budget.ts";
import { alignColumns } from "./render/columns.ts";
import { count, dollars } from "./render/format.ts";
import { parseStrictly } from "./strict-args.ts";

const ARGS = {
	campaign: { type: "positional", description: "Folder of a campaign or of a judged file, e.g. runs/my-campaign" },
	json: { type: "boolean", description: "Print the sums and their rows as JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const cost = defineCommand({
	meta: { name: "cost", description: "Show what a campaign's judging has cost, by stage, judge and iteration" },
	args: ARGS,
	run: ({ rawArgs }) => runCost(rawArgs, (text) => process.stdout.write(text)),
});

/**
 * `dno cost`.
 *
 * @returns The exit code.
 * @throws {DnoError} No campaign with a bill is there.
 */
export async function runCost(rawArgs: readonly string[], print: (text: string) => void): Promise<number> {
	const args = parseStrictly("dno cost", rawArgs, ARGS);
	const directory = resolve(args.positionals[0]!);
	const ledger = await ledgerOf(directory);
	if (!(await hasLedger(ledger)))
		throw new DnoError({
			what: "there is no bill here: nothing has been paid for",
			where: ledger,
			mend: "Name the folder of a campaign that models judge, after its first calls",
		});
	const summary = summarizeCosts(await openLedger(ledger).read(), await budgetIn(directory));
	print(args.options.has("json") ? `${JSON.stringify(summary)}\n` : `${costLines(summary).join("\n")}\n`);
	return 0;
}

const HEAD = ["", "calls", "spent", "reserved", "found", "saved", "tokens in", "cached", "tokens out"];
type Sums = CostSummary["total"];

function costLines({ ceiling, total, rows }: CostSummary): string[] {
	const of =
		ceiling === undefined
			? "no ceiling"
			: `of ${dollars(ceiling)}, ${dollars(Math.max(0, ceiling - total.spent - total.reserved))} left`;
	const tables = (["iteration", "line", "stage", "judge"] as const).flatMap((column) => {
		const sums = costsBy(rows, column);
		// A column with one value says what the total says.
		if (sums.length < 2 && column !== "judge") return [];
		return [
			"",
			...alignColumns([[column, ...HEAD.slice(1)], ...sums.map(({ name, ...each }) => [name, ...cells(each)])]),
		];
	});
	const lost =
		total.lost > 0
			? [`${dollars(total.lost)} of it for calls whose reply was lost, at the most they can have cost`]
			: [];
	return [
		`spent ${dollars(total.spent)} ${of}`,
		...lost,
		"",
		...alignColumns([HEAD, ["all", ...cells(total)]]),
		...tables,
	];
}

function cells(sums: Sums | CostRow): string[] {
	const { calls, spent, reserved, repeated, saved, inputTokens, cachedInputTokens, outputTokens } = sums;
	return [
		count(calls),
		dollars(spent),
		dollars(reserved),
		count(repeated),
		dollars(saved),
		count(inputTokens),
		count(cachedInputTokens),
		count(outputTokens),
	];
}
