import { join } from "node:path";
import { createFolderVerdictStore } from "../../activities/oracle/calls/folder-verdict-store.ts";
import { durableStep } from "../../activities/store/durable-step.ts";
import { createFolderStore } from "../../activities/store/folder-store.ts";
import { inActivity } from "../../activities/testing/in-activity.ts";

// One of two processes that write the same keys of a store and of a verdict store at once.
const [folder, me, count] = process.argv.slice(2) as [string, string, string];
const store = createFolderStore(join(folder, "store"));
const verdicts = createFolderVerdictStore(join(folder, "verdicts"));
for (let i = 0; i < Number(count); i++) {
	const inputs = { i: Math.floor(i / 2) };
	const text = `${JSON.stringify(inputs)}\n`.repeat(5_000);
	const step = () => durableStep(store, "sample", inputs, async (put) => ({ made: await put(text) }));
	await inActivity(step, { workflowId: `campaign-${me}` });
	await verdicts.put({
		schemaVersion: 1,
		key: String(inputs.i).padStart(64, "0"),
		judge: "judge",
		model: "model",
		reading: { kind: "choice", first: 1, reason: "" },
		text: me,
		usage: { input: 10, cachedInput: 0, output: 2 },
		cost: 0.25,
		at: "2026-01-01T00:00:00.000Z",
	});
}
