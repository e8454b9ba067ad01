import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { consequence, isPaid, type Step } from "./faults.ts";
import { type ChatRequest, readQuestion } from "./question.ts";
import type { Attempt, QuestionRecord, Records } from "./records.ts";
import { complete, refusalOf, type ServerPrice } from "./replies.ts";
import type { Script } from "./script.ts";
import { send, sendAs } from "./wire.ts";

export interface ChatSettings {
	readonly script: Script;
	readonly price: ServerPrice;
	/** Milliseconds until a reply. */
	readonly latency: () => number;
	/** How good each response is, of requests without `quality=…` markers. */
	readonly qualities?: ((request: ChatRequest) => readonly number[]) | undefined;
}

/** Takes the next step of a question's script. */
export function beginAttempt(records: Records, request: ChatRequest, { script, price, qualities }: ChatSettings) {
	const read = readQuestion(request);
	const question = qualities ? { ...read, qualities: qualities(request) } : read;
	const record = records.begin(question);
	const plan = script.plan(question.identity);
	const step: Step = plan[Math.min(record.position++, plan.length - 1)]!;
	const refusal = refusalOf(step, request.model);
	const completion = refusal === undefined ? complete(step, request, question, price) : undefined;
	const attempt: Attempt = {
		step,
		isRepair: question.isRepair,
		at: performance.now(),
		isDelivered: false,
		cost: isPaid(step) ? (completion?.cost ?? 0) : 0,
		...(completion !== undefined && { text: completion.text }),
	};
	record.attempts.push(attempt);
	return { record, attempt, refusal, completion };
}

export function endAttempt(records: Records, record: QuestionRecord, attempt: Attempt, isDelivered: boolean): void {
	records.open--;
	attempt.endedAt = performance.now();
	attempt.isDelivered = isDelivered;
	// The client went away before a reply that the script meant to arrive; it is given to whoever asks again.
	if (!isDelivered && !BREAKS.has(attempt.step)) record.position--;
}

const BREAKS: ReadonlySet<Step> = new Set(["reset", "silence", "closed-mid-body", "stalled-body"]);

/** POST /v1/chat/completions. */
export async function answerChat(
	records: Records,
	request: ChatRequest,
	response: ServerResponse,
	settings: ChatSettings,
): Promise<void> {
	const { record, attempt, refusal, completion } = beginAttempt(records, request, settings);
	const gone = new AbortController();
	response.once("close", () => gone.abort());
	const latency = settings.latency();
	if (latency > 0) await sleep(latency, undefined, { signal: gone.signal }).catch(() => {});
	const isDelivered = await (refusal === undefined
		? sendAs(attempt.step, response, completion!.body)
		: send(response, refusal.status, refusal.headers, refusal.body));
	endAttempt(records, record, attempt, isDelivered);
}

/** The same for a line of a batch; what would break a connection expires there. */
export function answerBatched(records: Records, request: ChatRequest, settings: ChatSettings) {
	const { record, attempt, refusal, completion } = beginAttempt(records, request, settings);
	const isBroken = BREAKS.has(attempt.step);
	endAttempt(records, record, attempt, !isBroken);
	if (isBroken) return { error: { code: "batch_expired", message: "This request could not be executed in time" } };
	if (refusal === undefined) return { response: { status_code: 200, body: completion!.body } };
	const isJson = refusal.headers["content-type"] === "application/json";
	return { response: { status_code: refusal.status, body: isJson ? JSON.parse(refusal.body) : refusal.body } };
}

/** Replies that gave a verdict and reached a client: more than one of a question were paid for twice. */
export function verdictsOf({ attempts }: QuestionRecord): Attempt[] {
	return attempts.filter(({ step, isDelivered }) => isDelivered && consequence(step) === "judged");
}
