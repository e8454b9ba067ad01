import { executeChild, proxyActivities } from "@temporalio/workflow";

/** As large as what a judging hands to its activities. */
export interface CeilingJob {
	readonly oracle: { readonly sha256: string; readonly bytes: number };
	readonly calls: { readonly sha256: string; readonly bytes: number };
	readonly iteration: number;
	readonly line: string;
	readonly stage: string;
	readonly index: number;
	readonly progress: { readonly done: number; readonly total: number };
}

export interface CeilingInput {
	readonly taskQueue: string;
	readonly count: number;
	/** Activities in flight. */
	readonly window: number;
	/** Activities a child workflow. */
	readonly chunk: number;
	/** Child workflows in flight. */
	readonly chunks: number;
}

const REF = { sha256: "0".repeat(64), bytes: 1000 };

/** The shape of workflows/judging.ts: chunks in a sliding window, each a child workflow. */
export async function ceiling(input: CeilingInput): Promise<void> {
	const { count, chunk, chunks } = input;
	let next = 0;
	const lane = async (): Promise<void> => {
		while (next < count) {
			const size = Math.min(chunk, count - next);
			next += size;
			await executeChild(ceilingChunk, { args: [{ ...input, count: size }] });
		}
	};
	await Promise.all(Array.from({ length: chunks }, lane));
}

/** The shape of a chunk: activities in a sliding window, by which nothing is done. */
export async function ceilingChunk({ taskQueue, count, window, chunks }: CeilingInput): Promise<void> {
	const { nothing } = proxyActivities<{ nothing(job: CeilingJob): Promise<object> }>({
		taskQueue,
		startToCloseTimeout: "1 minute",
	});
	let next = 0;
	const lane = async (): Promise<void> => {
		while (next < count) {
			const index = next++;
			const place = { iteration: 0, line: "dno", stage: "rank" };
			await nothing({ ...place, oracle: REF, calls: REF, index, progress: { done: index, total: count } });
		}
	};
	await Promise.all(Array.from({ length: Math.floor(window / chunks) }, lane));
}
