import { setTimeout as sleep } from "node:timers/promises";
import { NativeConnection, Worker } from "@temporalio/worker";
import { afterEach, expect, test, vi } from "vitest";
import { startWorkers, type WorkersOptions } from "./workers.ts";

afterEach(() => vi.restoreAllMocks());

/** Workers as the SDK's, as far as their lives go: the connection refuses to be closed while one of them holds it. */
function fakeWorkers(count: number) {
	const workers = Array.from({ length: count }, () => {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		let state = "INITIALIZED";
		const end = (next: string, settle: () => void) => {
			state = next;
			settle();
		};
		return {
			getState: () => state,
			run: () => {
				state = "RUNNING";
				return promise;
			},
			shutdown: () => {
				state = "STOPPING";
				// A step that is under way takes a moment to end.
				sleep(20).then(() => end("STOPPED", resolve));
			},
			die: (error: Error) => end("FAILED", () => reject(error)),
		};
	});
	const close = vi.fn(async () => {
		const held = workers.some((worker) => !["STOPPED", "FAILED"].includes(worker.getState()));
		if (held) throw new Error("Cannot close connection while Workers hold a reference to it");
	});
	vi.spyOn(NativeConnection, "connect").mockResolvedValue({ close } as unknown as NativeConnection);
	const create = vi.spyOn(Worker, "create");
	for (const worker of workers) create.mockResolvedValueOnce(worker as unknown as Worker);
	create.mockRejectedValue(new Error("no such namespace"));
	return { workers, close };
}

const options = {
	access: { address: "127.0.0.1:1", namespace: "default" },
	queuePrefix: "tiny",
	bundle: { code: "" },
	dependencies: { directory: "/nowhere" },
	oracle: { kind: "verifier", module: "verifier.ts", chunkSize: 1, concurrency: 1 },
} as unknown as WorkersOptions;

test("a worker's death is told as it was, and the others end before the connection", async () => {
	const { workers, close } = fakeWorkers(4);
	const { running, stop } = await startWorkers(options);
	workers[2]!.die(new Error("out of memory"));
	await expect(running).rejects.toThrow("out of memory");
	await stop();
	expect(close).toHaveBeenCalledOnce();
});

test("a worker that cannot be made is the error, and the others do not stay", async () => {
	const { workers, close } = fakeWorkers(3);
	await expect(startWorkers(options)).rejects.toThrow("no such namespace");
	expect(workers.map((worker) => worker.getState())).toEqual(["STOPPED", "STOPPED", "STOPPED"]);
	expect(close).toHaveBeenCalledOnce();
});
