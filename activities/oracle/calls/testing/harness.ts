import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { CampaignEvent } from "../../../../core/events.ts";
import type { JudgeCall } from "../../../../core/judge-calls.ts";
import type { JudgeContext } from "../../../../core/judging-steps.ts";
import type { ModelJudgeConfig } from "../../../../core/oracle-config.ts";
import type { ArtifactRef } from "../../../../core/records.ts";
import { createFolderStore } from "../../../store/folder-store.ts";
import { toJsonLines } from "../../../store/json-lines.ts";
import { createFileLedger } from "../file-ledger.ts";
import { createFolderVerdictStore } from "../folder-verdict-store.ts";
import { KEY, KEY_VARIABLE, reader } from "./judge.ts";

/** A campaign's folder with everything that calls are made with, and a plan of calls. */
export async function campaignOf(settings: ModelJudgeConfig, calls: readonly JudgeCall[], budget?: number) {
	const directory = mkdtempSync(join(tmpdir(), "dno-calls-"));
	const store = createFolderStore(join(directory, "store"));
	const events: CampaignEvent[] = [];
	const lineage = { step: "test", inputs: {} };
	const job: JudgeContext & { readonly calls: ArtifactRef } = {
		...{ iteration: 1, line: "dno", stage: "rank" },
		oracle: await store.put("{}", lineage),
		calls: await store.put(toJsonLines(calls), lineage),
	};
	return {
		dependencies: {
			store,
			folder: directory,
			verdicts: createFolderVerdictStore(join(directory, "verdicts")),
			ledger: createFileLedger(join(directory, "ledger.jsonl")),
			emit: (event: CampaignEvent) => void events.push(event),
			judgeOf: async () => ({ settings, reader, ...(budget !== undefined && { budget }) }),
			environment: { [KEY_VARIABLE]: KEY },
		},
		job,
		/** Everything that a campaign leaves on the disk or says, as one text. */
		traces: () => [...textsUnder(directory), ...events.map((event) => inspect(event))].join("\n"),
	};
}

function textsUnder(folder: string): string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.map((name) => join(folder, name))
		.filter((path) => statSync(path).isFile())
		.map((path) => readFileSync(path, "utf8"));
}
