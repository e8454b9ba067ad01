import { FIGURES, isConcern, type TrustFigures } from "../../core/trust.ts";
import { interval, percent, plural } from "../../report/format.ts";
import { FIGURE_LABELS, figureMeaning } from "../../report/trust-text.ts";
import { count } from "../render/format.ts";
import { type FirstFailures, failureLines } from "./failures.ts";

/** The figures of judges as tables; below each, what speaks against it, and why questions failed. */
export function trustLines(judges: readonly TrustFigures[], failures: FirstFailures): string {
	const blocks = judges.map((judge) => [...table(judge), "", ...concerns(judge)].join("\n"));
	const reasons = failureLines(failures);
	return [...blocks, ...(reasons.length > 0 ? [reasons.join("\n")] : [])].join("\n\n").replaceAll("\u00a0", " ");
}

function table(judge: TrustFigures): string[] {
	const shown = FIGURES.filter((name) => judge.figures[name] !== undefined);
	const rows = shown.map((name) => {
		const { value, low, high, n } = judge.figures[name]!;
		const mark = isConcern(name, judge) ? "!" : " ";
		return [`${mark} ${FIGURE_LABELS[name]}`, percent(value), interval(low, high), count(n)] as const;
	});
	const all = [["  figure", "", "95 % interval", "n"] as const, ...rows];
	const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
	const head = `${judge.judge}: ${plural(judge.prompts, "prompt")}, ${plural(judge.questions, "question")}`;
	return [
		head,
		...all.map(([label, ...cells]) =>
			[label.padEnd(widths[0]!), ...cells.map((cell, i) => cell.padStart(widths[i + 1]!))].join("  "),
		),
	];
}

function concerns(judge: TrustFigures): string[] {
	const marked = FIGURES.filter((name) => isConcern(name, judge));
	const unknown = judge.figures.accuracy === undefined;
	const known = unknown ? "No verdict on a known preference: how often it is right is not known." : undefined;
	const said = marked.map((name) => `! ${figureMeaning(name, judge)}`);
	if (said.length === 0 && known === undefined) return ["No figure speaks against it."];
	return [...(known === undefined ? [] : [known]), ...said];
}
