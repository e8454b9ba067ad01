import { expect, test } from "vitest";
import { DnoError } from "./errors.ts";

test("one message says where, what, what was got and how to mend it", () => {
	const error = new DnoError({
		what: "no such file.",
		where: "../data/train.jsonl",
		got: "x…",
		mend: "Check the path",
	});
	expect(error.message).toBe('../data/train.jsonl: no such file. got "x…". Check the path');
});

test("long values are cut", () => {
	expect(new DnoError({ what: "too long", got: "y".repeat(500) }).message.length).toBeLessThan(150);
});

test("usage ends with 2, everything else with 1; nothing is retried unless it says so", () => {
	expect(new DnoError({ what: "a", kind: "usage" }).exitCode).toBe(2);
	expect(new DnoError({ what: "a" }).exitCode).toBe(1);
	expect(new DnoError({ what: "a" }).isRetryable).toBe(false);
	expect(new DnoError({ what: "a", isRetryable: true }).isRetryable).toBe(true);
});
