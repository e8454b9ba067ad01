import OpenAI from "openai";
import { expect, test } from "vitest";
import type { Asked, Verdict } from "../../core/records.ts";
import { createScript } from "../fault-server/script.ts";
import { startFaultServer } from "../fault-server/start-fault-server.ts";
import { type Case, makeCases } from "./candidates.ts";
import { examine } from "./tally.ts";

/*
 * The examiner examined: a client of a few lines that does all as it should passes, and each way to do it wrongly that the
 * faults test is there for is found.
 */

type Mistake = "believes everything" | "asks again" | "calls failures invalid";

const names = (count: number) => Array.from({ length: count }, (_, k) => `r${k}_score`);
const TERMINAL = [400, 401, 403, 404];

async function judgeAll(url: string, cases: readonly Case[], mistake?: Mistake): Promise<Verdict[]> {
	const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0, timeout: 5_000 });
	const verdicts: Verdict[] = [];
	const waiting = [...cases.entries()];
	const lane = async () => {
		for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
			const [index, each] = next;
			verdicts[index] = verdictOf(each, index, await judge(client, each, mistake));
		}
	};
	await Promise.all(Array.from({ length: 16 }, lane));
	return verdicts;
}

async function judge(client: OpenAI, { prompt, responses }: Case, mistake?: Mistake): Promise<Asked["outcome"]> {
	const fields = names(responses.length);
	const properties = Object.fromEntries(fields.map((name) => [name, { type: "number", minimum: 0, maximum: 10 }]));
	const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: [prompt, ...responses].join("\n") }];
	let isRepair = false;
	let answers = 0;
	for (let call = 0; call < 8; call++) {
		try {
			const { choices } = await client.chat.completions.create({
				model: "judge",
				messages,
				response_format: { type: "json_schema", json_schema: { name: "scores", schema: { properties } } },
			});
			const { finish_reason, message } = choices[0]!;
			const content = message.content;
			if (finish_reason === "content_filter") return { kind: "unjudged", reason: "filtered" };
			if (!content) return { kind: "invalid", reason: "refused or empty" };
			const scores = fields.map((name) => {
				const found = [...content.matchAll(new RegExp(`"(?:my_)?${name}":(\\d+(?:\\.\\d+)?)`, "g"))];
				return mistake === "believes everything"
					? Number(found.at(-1)?.[1] ?? 0)
					: numberOf(found, content.endsWith("believe it."));
			});
			if (mistake === "asks again" && answers++ === 0) continue;
			if (scores.every((score) => score <= 10)) return { kind: "scores", scores, reasons: [] };
			if (mistake === "believes everything") return { kind: "scores", scores, reasons: [] };
			if (isRepair) return { kind: "invalid", reason: "unreadable" };
			isRepair = true;
			messages.push({ role: "assistant", content }, { role: "user", content: "Not that." });
		} catch (error) {
			const { status, code } = error as { status?: number; code?: string };
			const isFinal = TERMINAL.includes(status!) || code === "insufficient_quota";
			if (isFinal)
				return { kind: mistake === "calls failures invalid" ? "invalid" : "unjudged", reason: String(error) };
		}
	}
	return { kind: "unjudged", reason: "too many calls" };
}

/** The number that was asked for, once; anything else is too large to pass. */
function numberOf(found: readonly RegExpMatchArray[], isTakenBack: boolean): number {
	return found.length === 1 && !isTakenBack && !found[0]![0].includes("my_")
		? Number(found[0]![1])
		: Number.POSITIVE_INFINITY;
}

function verdictOf({ name, qualities }: Case, index: number, outcome: Asked["outcome"]): Verdict {
	const order = qualities.map((_, k) => k);
	const asked = [{ key: name, judge: "judge", shown: order, vote: 0, outcome }];
	const base = { schemaVersion: 1 as const, key: name, promptId: String(index), judge: "judge", order, asked };
	if (outcome.kind === "scores") return { ...base, kind: "scores", scores: outcome.scores, reasons: [] };
	return { ...base, kind: outcome.kind === "invalid" ? "invalid" : "unjudged", reason: "none" };
}

const examineWith = async (mistake?: Mistake) => {
	const script = createScript({ seed: 3, rate: 0.3, maxAttempts: 8, outages: 0.01 });
	await using server = await startFaultServer({ script });
	const cases = makeCases("tally", 300, 3);
	return examine(server, cases, await judgeAll(server.url, cases, mistake));
};

test("nothing is found where all is as the script says", async () => {
	const { tally, problems } = await examineWith();
	expect(problems).toEqual([]);
	expect(tally).toMatchObject({ judgments: 300, paidTwice: 0, mislabelled: 0 });
	expect(tally.judged + tally.invalid + tally.unjudged).toBe(300);
	expect(tally.calls - tally.judgments).toBe(tally.scriptedFailures);
});

test("labels from replies that hold none are found", async () => {
	const { tally } = await examineWith("believes everything");
	expect(tally.mislabelled).toBeGreaterThan(10);
});

test("judgments that are paid twice are found", async () => {
	const { tally, problems } = await examineWith("asks again");
	expect(tally.paidTwice).toBeGreaterThan(100);
	expect(problems.length).toBeGreaterThan(100);
});

test("a wrong end without a verdict is found", async () => {
	const { problems } = await examineWith("calls failures invalid");
	expect(problems.length).toBeGreaterThan(10);
	for (const problem of problems) expect(problem).toMatch(/is invalid and not unjudged/);
});
