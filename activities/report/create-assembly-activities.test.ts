import { afterAll, expect, test } from "vitest";
import { config } from "../../cli/testing/events.ts";
import { type ArtifactRef, type EvaluationRow, SCHEMA_VERSION } from "../../core/records.ts";
import { report } from "../../core/report.ts";
import type { CampaignSpec, IterationRecord, ReportJob } from "../../core/steps.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createAssemblyActivities } from "./create-assembly-activities.ts";
import { keepRecord } from "./iteration-records.ts";

const store = createFolderStore(temporaryFolder(afterAll));
const put = (text: string) => store.put(text, { step: "test", inputs: {} });
const facts = async () => ({ engine: "onnx", startedAt: "2026-01-01T00:00:00Z" });

function row(i: number, againstTeacher: number): EvaluationRow {
	const judged = { text: `answer ${againstTeacher}`, reason: "" };
	const samples = [{ ...judged, againstTeacher, againstInitial: 0.5 }];
	return { schemaVersion: SCHEMA_VERSION, promptId: `p${i}`, prompt: `prompt ${i}`, teacher: judged, samples };
}

/** What an iteration leaves whose policy wins every `nth` comparison. */
async function iterationOf(iteration: number, nth: number) {
	const rows = (offset: number) =>
		toJsonLines([...Array(12).keys()].map((i) => row(i, Number((i + offset) % nth === 0))));
	const [heldOut, validation] = [await put(rows(0)), await put(rows(1))];
	const policy = { name: `dno-${iteration}`, manifest: await put(`manifest ${iteration}`) };
	const counts = { teacherOverStudent: 1, studentOverTeacher: 0, studentOverStudent: 0, replayed: 0 };
	const verdicts = { prompts: 1, judged: 1, invalid: 0, unjudged: 0, ties: 0 };
	const pairs = { pairs: heldOut, fresh: heldOut, count: 1, counts, verdicts, steps: 1 };
	const record: IterationRecord = {
		...{ iteration, reference: policy, offlineVerdicts: {}, curves: {} },
		...(iteration > 0 && { pairs }),
		evaluated: [
			{
				...({ line: "dno", iteration, policy, seconds: 0 } as const),
				heldOut: { rows: heldOut, invalid: 0, unjudged: 0 },
				validation: { rows: validation, invalid: 0, unjudged: 0 },
			},
		],
		seconds: { sample: 0, judge: 0, train: 0, evaluate: 0, baselines: 0 },
	};
	return { record: await inActivity(() => keepRecord(store, record)), heldOut, validation };
}

test("a report reads new evaluations, and of earlier ones what it compares with; the figures are the same", async () => {
	const made = [await iterationOf(0, 4), await iterationOf(1, 3), await iterationOf(2, 2), await iterationOf(3, 1)];
	const configRef = await put(JSON.stringify(config));
	const jobOf = (iterations: readonly ArtifactRef[]): ReportJob => ({
		spec: { id: "tiny-0", config: configRef, baselines: [] } as unknown as CampaignSpec,
		...({ iterations, status: "running" } as const),
	});
	/** Assembles a report, as a process that has read nothing. */
	const assemble = async (count: number, from = store) => {
		const read: string[] = [];
		const seen: typeof store.get = (ref) => {
			read.push(ref.sha256);
			return from.get(ref);
		};
		const { assembleReport } = createAssemblyActivities({
			store: { ...from, get: seen },
			facts,
			folder: "/",
			emit() {},
		});
		const ref = await inActivity(() => assembleReport(jobOf(made.slice(0, count).map(({ record }) => record))));
		return { report: report.parse(JSON.parse(new TextDecoder().decode(await from.get(ref)))), read };
	};
	await assemble(3);
	const last = await assemble(4);
	const isRead = (ref: ArtifactRef) => last.read.includes(ref.sha256);
	// The initial policy's for what has changed since, the one before for the last step.
	expect(made.map(({ heldOut }) => isRead(heldOut))).toEqual([true, false, true, true]);
	expect(made.map(({ validation }) => isRead(validation))).toEqual([false, false, false, true]);
	expect(last.report.lines[0]!.points.map(({ winRate }) => winRate)).toEqual([3 / 12, 4 / 12, 6 / 12, 1]);
	expect(last.report.lines[0]!.lastStep).toMatchObject({ mean: 0.5, n: 12 });
	expect(last.report.campaign).toMatchObject({ status: "running", engine: "onnx", best: 3 });
});
