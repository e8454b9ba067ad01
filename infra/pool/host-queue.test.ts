import { expect, test } from "vitest";
import { taskQueues } from "../../core/task-queues.ts";
import { hostQueueOf } from "./host-queue.ts";

const queues = taskQueues("dno-0123abcd");
const bucket = { queues, store: "s3://bucket/dno" };

test("two machines of a bucket have no GPU worker's queue in common, though dno up names their workers alike", () => {
	const of = (host: string, name = "gpu-1") => hostQueueOf(bucket, name, host);
	expect(of("one")).not.toBe(of("two"));
	expect(of("one")).not.toBe(of("one", "gpu-2"));
	expect(of("one")).toBe(of("one"));
	expect(of("one")).toBe("dno-0123abcd-gpu-one-gpu-1");
});

test("a name that is the machine's, or unique in the folder of the workspace, is enough", () => {
	expect(hostQueueOf(bucket, "one", "one")).toBe("dno-0123abcd-gpu-one");
	expect(hostQueueOf({ queues, store: "/runs/store" }, "gpu-1", "one")).toBe("dno-0123abcd-gpu-gpu-1");
});
