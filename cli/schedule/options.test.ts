import { expect, test } from "vitest";
import { readDuration } from "./options.ts";

test("a time has a unit, and is neither too short nor too long for a server", () => {
	expect(readDuration("--every", "90s", 1_000)).toBe(90_000);
	expect(readDuration("--every", "365d", 1_000)).toBe(31_536_000_000);
	for (const text of ["0s", "24", "1 week", "99999999d", "9".repeat(400)])
		expect(() => readDuration("--every", text, 1_000)).toThrow(
			"--every takes a time of at least 1 s and at most ten years",
		);
});
