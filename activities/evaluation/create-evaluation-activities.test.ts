import { expect, test } from "vitest";
import { config } from "../../cli/testing/events.ts";
import type { Verdict } from "../../core/records.ts";
import type { EvaluationJob } from "../../core/steps.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { failed, group, scores } from "../testing/groups.ts";
import { inActivity } from "../testing/in-activity.ts";
import { createEvaluationActivities } from "./create-evaluation-activities.ts";

/** Scores an evaluation of one prompt a verdict. */
async function score(verdicts: readonly Verdict[]) {
	const store = createFolderStore(temporaryFolder());
	const put = (text: string) => store.put(text, { step: "test", inputs: {} });
	const groups = verdicts.map((_, i) => {
		const { responses, ...rest } = group(`p${i}`, 2);
		return { ...rest, responses: responses.slice(0, 3) };
	});
	const candidates = { parts: [await put(toJsonLines(groups))], partSize: groups.length, count: groups.length };
	const job: EvaluationJob = {
		config: await put(JSON.stringify(config)),
		iteration: 3,
		line: "offlineKto",
		candidates,
		initial: candidates,
		verdicts: [await put(toJsonLines(verdicts))],
	};
	const { scoreEvaluation } = createEvaluationActivities({ store, folder: "/", emit() {} });
	return inActivity(() => scoreEvaluation(job));
}

test("what could not be read and what got no verdict are counted apart", async () => {
	const judged = scores([1, 0, 1, 0, 0]);
	const verdicts = [judged, failed("invalid"), failed("unjudged"), judged, failed("unjudged")];
	expect(await score(verdicts)).toMatchObject({ invalid: 1, unjudged: 2 });
});

test("an evaluation without one judged prompt is one clear error", async () => {
	await expect(score([failed("unjudged"), failed("invalid")])).rejects.toMatchObject({
		name: "DnoError",
		isRetryable: false,
		message: expect.stringMatching(
			/^evaluation of Offline KTO after iteration 3: not one of 2 prompts was judged, .*\. got "unjudged: why it is unjudged"\. Mend/,
		),
	});
});
