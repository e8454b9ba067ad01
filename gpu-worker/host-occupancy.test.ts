import { expect, test } from "vitest";
import { createOccupancy } from "./host-occupancy.ts";

test("a host is claimed once, also between the claim and the step's begin, and free again after the step", () => {
	const host = createOccupancy(() => 0);
	expect([host.claim(), host.claim()]).toEqual([true, false]);
	const end = host.begin();
	expect(host.claim()).toBe(false);
	end();
	end();
	expect([host.claim(), host.claim()]).toEqual([true, false]);
});

test("a claim whose step never comes ends after ten seconds", () => {
	let now = 0;
	const host = createOccupancy(() => now);
	expect(host.claim()).toBe(true);
	now = 9_999;
	expect(host.claim()).toBe(false);
	now = 10_000;
	expect(host.claim()).toBe(true);
});
