import type OpenAI from "openai";
import { NotFoundError } from "openai";
import type { Batch } from "openai/resources/batches";
import type { ChatRequest } from "./chat-request.ts";

/** Metadata key under which a batch says what work it is. */
const WORK = "dno_work";
/** The server keeps a batch's output for so long. */
const KEPT_SECONDS = 30 * 24 * 3600;

export interface BatchRequest {
	/** Comes back with the reply. */
	readonly id: string;
	readonly request: ChatRequest;
}

/**
 * The batch that was created for some work, whenever and by whomever; undefined where there is none that is under way or
 * brought replies. This is what keeps a batch from being paid twice when the reply to its creation is lost.
 *
 * @param work hash of all that the batch is to do
 */
export async function findBatch(api: OpenAI, work: string, signal: AbortSignal): Promise<string | undefined> {
	const oldest = Date.now() / 1000 - KEPT_SECONDS;
	// The newest first.
	for await (const batch of api.batches.list({ limit: 100 }, { signal })) {
		if (batch.metadata?.[WORK] === work && !isFruitless(batch)) return batch.id;
		if (batch.created_at < oldest) return undefined;
	}
	return undefined;
}

/** Whether a batch ended without one reply: it cost nothing, and finding it again would bring its errors back for ever. */
function isFruitless(batch: Batch): boolean {
	return batch.status === "failed" || (hasEnded(batch) && batch.request_counts?.completed === 0);
}

/** Uploads requests and has the server begin with them. */
export async function createBatch(
	api: OpenAI,
	work: string,
	requests: Iterable<BatchRequest>,
	signal: AbortSignal,
): Promise<string> {
	const upload = new File(uploadParts(requests), `dno-${work.slice(0, 16)}.jsonl`, { type: "application/jsonl" });
	const file = await api.files.create({ file: upload, purpose: "batch" }, { signal });
	const batch = await api.batches.create(
		{
			input_file_id: file.id,
			endpoint: "/v1/chat/completions",
			completion_window: "24h",
			metadata: { [WORK]: work },
		},
		{ signal },
	);
	return batch.id;
}

/** Lines put together are blobs at once, which are kept outside of the heap and are the only copy of the upload. */
const PART_CHARACTERS = 1 << 20;

function uploadParts(requests: Iterable<BatchRequest>): Blob[] {
	const parts: Blob[] = [];
	let text = "";
	const cut = () => {
		parts.push(new Blob([text]));
		text = "";
	};
	for (const { id, request } of requests) {
		text += `${JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body: request })}\n`;
		if (text.length >= PART_CHARACTERS) cut();
	}
	cut();
	return parts;
}

/** A batch as it stands; undefined where the server knows it no longer. */
export function retrieveBatch(api: OpenAI, batch: string, signal: AbortSignal): Promise<Batch | undefined> {
	return api.batches.retrieve(batch, { signal }).catch(unlessMissing);
}

const ENDED: readonly Batch["status"][] = ["completed", "failed", "expired", "cancelled"];

export function hasEnded(batch: Batch | undefined): boolean {
	return batch === undefined || ENDED.includes(batch.status);
}

/** The lines of the files that an ended batch left: of replies, and of errors. */
export async function* batchLines(api: OpenAI, batch: Batch, signal: AbortSignal): AsyncGenerator<string> {
	for (const file of [batch.output_file_id, batch.error_file_id]) {
		if (!file) continue;
		const response = await api.files.content(file, { signal }).catch(unlessMissing);
		if (!response?.body) continue;
		let rest = "";
		for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
			const lines = `${rest}${part}`.split("\n");
			rest = lines.pop()!;
			yield* lines;
		}
		yield rest;
	}
}

function unlessMissing(error: unknown): undefined {
	if (error instanceof NotFoundError) return undefined;
	throw error;
}
