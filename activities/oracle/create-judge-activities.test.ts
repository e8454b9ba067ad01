import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { config } from "../../cli/testing/events.ts";
import { verdict } from "../../core/records.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { readJsonLines, toJsonLines } from "../store/json-lines.ts";
import { group } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createFileLedger } from "./calls/file-ledger.ts";
import { createFolderVerdictStore } from "./calls/folder-verdict-store.ts";
import { createJudgeActivities } from "./create-judge-activities.ts";

// Refuses the prompts that the test names, and writes down whom it was asked about.
const VERIFIER = `
export function verify({ prompt }) {
	globalThis.asked.push(prompt);
	if (globalThis.refused.includes(prompt)) throw new Error("out of order");
	return { score: 1 };
}
`;
const oracle = globalThis as unknown as { asked: string[]; refused: string[] };

test("a later run tries what was unjudged again, and nothing else", async () => {
	const folder = mkdtempSync(join(tmpdir(), "dno-judge-"));
	writeFileSync(join(folder, "verifier.ts"), VERIFIER);
	const store = createFolderStore(join(folder, "store"));
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	const { judgeChunk } = createJudgeActivities({
		...{ store, folder, emit() {} },
		verdicts: createFolderVerdictStore(join(folder, "verdicts")),
		ledger: createFileLedger(join(folder, "ledger.jsonl")),
	});
	const groups = ["p0", "p1", "p2"].map((id) => group(id, 1));
	const candidates = [{ parts: [await put(toJsonLines(groups))], count: 3 }];
	const oracleConfig = await put(JSON.stringify(config.oracle));
	const place = { oracle: oracleConfig, iteration: 1, line: "dno", stage: "rank" } as const;
	const job = { ...place, candidates, from: 0, to: 3, total: 3 };
	const judge = async (refused: string[]) => {
		[oracle.asked, oracle.refused] = [[], refused];
		const { verdicts, unjudged } = await inActivity(() => judgeChunk(job));
		const kinds = (await readJsonLines(store, verdicts, verdict)).map(({ kind }) => kind);
		return { kinds, unjudged, asked: [...new Set(oracle.asked)] };
	};

	const first = { kinds: ["scores", "unjudged", "unjudged"], unjudged: 2, asked: ["p0", "p1", "p2"] };
	expect(await judge(["p1", "p2"])).toEqual(first);
	expect(await judge(["p2"])).toEqual({ kinds: ["scores", "scores", "unjudged"], unjudged: 1, asked: ["p1", "p2"] });
	expect(await judge([])).toEqual({ kinds: ["scores", "scores", "scores"], unjudged: 0, asked: ["p2"] });
	expect(await judge(["p0"])).toEqual({ kinds: ["scores", "scores", "scores"], unjudged: 0, asked: [] });
});
