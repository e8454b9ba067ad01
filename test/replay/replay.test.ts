import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { DeterminismViolationError } from "@temporalio/workflow";
import { beforeAll, describe, expect, test } from "vitest";
import { loadWorkflowBundle, type WorkflowBundle } from "../../infra/campaign/workflow-bundle.ts";
import { type JsonHistory, mapTexts, origin } from "./json-history.ts";

const FOLDER = join(import.meta.dirname, "histories");
const MAX_PAYLOAD_BYTES = 20_000;
const names = readdirSync(FOLDER);

let bundle: WorkflowBundle;

beforeAll(async () => {
	// A replay that fails is one of these tests' successes; its log would say otherwise.
	const logging = { forward: {}, filter: "OFF" } as const;
	Runtime.install({ logger: new DefaultLogger("ERROR", () => {}), telemetryOptions: { logging } });
	bundle = await loadWorkflowBundle();
});

test("there is a history of every workflow type, and of a campaign from its beginning to its end", async () => {
	const types = names.map((name) => origin(read(name)).type);
	const all = Object.keys(await import("../../workflows/index.ts"));
	expect(new Set(types)).toEqual(new Set(all));
	const last = (name: string) => read(name).events.at(-1)!.eventType;
	expect(last("campaign-1.json")).toBe("EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW");
	expect(last("campaign-3.json")).toBe("EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED");
});

test("code that takes its steps in another order is found out", async () => {
	const history = read("iteration.json");
	const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
	const [first, second] = scheduled as [(typeof scheduled)[0], (typeof scheduled)[0]];
	expect([first.activityType.name, second.activityType.name]).toEqual(["selectPrompts", "pairCandidates"]);
	[first.activityType, second.activityType] = [second.activityType, first.activityType];
	await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});

describe.each(names)("%s", (name) => {
	test("today's workflow code takes the same way", async () => {
		await replay(read(name));
	});

	test("holds references, not data", () => {
		for (const payload of payloads(read(name))) {
			expect(payload.length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
			expect(textsOf(JSON.parse(payload)).filter((text) => !isReference(text))).toEqual([]);
		}
	});

	test("names neither the machine nor its files", () => {
		const texts: string[] = [];
		mapTexts(read(name), (text) => {
			texts.push(text);
			return text;
		});
		expect(texts.filter((text) => /(^|["\s])(\/|file:)|[A-Z]:\\/.test(text))).toEqual([]);
		expect(texts.filter((text) => /^\d+@/.test(text) && !/^1@host(-[0-9a-f]{32})?$/.test(text))).toEqual([]);
	});
});

function read(name: string): JsonHistory {
	return JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as JsonHistory;
}

async function replay(history: JsonHistory): Promise<void> {
	// The workflows name their children after themselves.
	const { workflowId } = origin(history);
	await Worker.runReplayHistory({ workflowBundle: { code: bundle.code } }, history, workflowId);
}

function payloads(history: JsonHistory): string[] {
	const found: string[] = [];
	mapTexts(history, (text, isPayload) => {
		if (isPayload) found.push(text);
		return text;
	});
	return found;
}

/** All strings in a value, and the keys, which data could hide in as well. */
function textsOf(value: unknown): string[] {
	if (typeof value === "string") return [value];
	if (typeof value !== "object" || value === null) return [];
	const keys = Array.isArray(value) ? [] : Object.keys(value);
	return [...keys, ...Object.values(value).flatMap(textsOf)];
}

/** Hashes, ids, names, and why judging paused. The campaign's prompts are sums with spaces, its answers numbers. */
function isReference(text: string): boolean {
	// When a schedule began a night, and the workflow run that did.
	if (/^\d{4}-\d\d-\d\dT[\d:]+Z$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return true;
	return (
		/^[0-9a-f]{32,64}(-2)?$/.test(text) || /^(?!\d)[\w/.-]{1,120}$/.test(text) || text.startsWith("the budget of $")
	);
}
