import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { answerBatched, type ChatSettings } from "./chat.ts";
import { chatRequest } from "./question.ts";
import type { Records } from "./records.ts";

const line = z.object({
	custom_id: z.string(),
	method: z.literal("POST"),
	url: z.literal("/v1/chat/completions"),
	body: chatRequest,
});
const creation = z.object({
	input_file_id: z.string(),
	endpoint: z.literal("/v1/chat/completions"),
	completion_window: z.literal("24h"),
	metadata: z.record(z.string(), z.string()).nullish(),
});

interface Batch extends Record<string, unknown> {
	readonly id: string;
	status: "in_progress" | "completed" | "cancelled" | "cancelling";
}

/** The Batch API: files and batches in memory, each batch done so many milliseconds after it was created. */
export class Batches {
	readonly files = new Map<string, string>();
	/** Newest first, as they are listed. */
	readonly batches: Batch[] = [];

	private readonly records: Records;
	private readonly settings: ChatSettings;
	private readonly delay: number;

	constructor(records: Records, settings: ChatSettings, delay: number) {
		this.records = records;
		this.settings = settings;
		this.delay = delay;
	}

	addFile(content: string, purpose: string, filename = "file.jsonl") {
		const id = `file-${randomUUID()}`;
		this.files.set(id, content);
		return { id, object: "file", bytes: Buffer.byteLength(content), created_at: seconds(), filename, purpose };
	}

	create(body: unknown): Batch {
		const { input_file_id, endpoint, completion_window, metadata } = creation.parse(body);
		const text = this.files.get(input_file_id);
		if (text === undefined) throw new Error(`no file ${input_file_id}`);
		const lines = text
			.trim()
			.split("\n")
			.map((each) => line.parse(JSON.parse(each)));
		const batch: Batch = {
			...{ id: `batch_${randomUUID()}`, object: "batch", endpoint, input_file_id, completion_window },
			...{ status: "in_progress", created_at: seconds(), metadata: metadata ?? null },
			request_counts: { total: lines.length, completed: 0, failed: 0 },
		};
		this.batches.unshift(batch);
		this.process(batch, lines);
		return batch;
	}

	cancel(batch: Batch): Batch {
		if (batch.status === "in_progress") batch.status = "cancelling";
		return batch;
	}

	private async process(batch: Batch, lines: readonly z.infer<typeof line>[]): Promise<void> {
		await sleep(this.delay, undefined, { ref: false });
		if (batch.status === "cancelling") {
			Object.assign(batch, { status: "cancelled", cancelled_at: seconds() });
			return;
		}
		// Not in the order they came in: a provider promises none.
		const results = lines.toReversed().map(({ custom_id, body }) => {
			const { response, error } = { response: null, error: null, ...answerBatched(this.records, body, this.settings) };
			const numbered = response && { request_id: randomUUID(), ...response };
			return { id: `batch_req_${randomUUID()}`, custom_id, response: numbered, error };
		});
		const isGood = ({ response }: (typeof results)[number]) => response?.status_code === 200;
		const [good, bad] = [results.filter(isGood), results.filter((result) => !isGood(result))];
		const file = (all: typeof results) =>
			this.addFile(all.map((r) => `${JSON.stringify(r)}\n`).join(""), "batch_output").id;
		Object.assign(batch, {
			...{ status: "completed", completed_at: seconds() },
			...(good.length > 0 && { output_file_id: file(good) }),
			...(bad.length > 0 && { error_file_id: file(bad) }),
			request_counts: { total: results.length, completed: good.length, failed: bad.length },
		});
	}
}

const seconds = () => Math.floor(Date.now() / 1000);
