import type { Reporter, TestModule } from "vitest/node";
import type { Tally } from "./tally.ts";

declare module "vitest" {
	interface TaskMeta {
		/** What a test has counted. */
		tally?: Tally;
		/** Whether its judgments are those of the summary: the others add their mistakes alone. */
		isMain?: boolean;
	}
}

/** Prints the summary of all tests as the very last line, below Vitest's own. */
export class LastLineReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const metas = modules.flatMap((module) => [...module.children.allTests()].map((each) => each.meta()));
		const main = metas.find(({ isMain }) => isMain)?.tally;
		if (main === undefined) return;
		const sum = (key: "paidTwice" | "mislabelled") =>
			metas.reduce((total, { tally }) => total + (tally?.[key] ?? 0), 0);
		console.log(JSON.stringify({ ...main, paidTwice: sum("paidTwice"), mislabelled: sum("mislabelled") }));
	}
}
