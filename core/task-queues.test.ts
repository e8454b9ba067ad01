import { expect, test } from "vitest";
import { queuesBeside, taskQueues } from "./task-queues.ts";

test("a workflow finds the queues of its campaign by its own", () => {
	const queues = taskQueues("geometry-1a2b");
	expect(queues).toEqual({
		control: "geometry-1a2b-control",
		judge: "geometry-1a2b-judge",
		gpu: "geometry-1a2b-gpu",
	});
	expect(queuesBeside(queues.control)).toEqual(queues);
});
