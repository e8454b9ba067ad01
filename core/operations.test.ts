import { expect, test } from "vitest";
import { joinStandings, NO_OPERATIONS } from "./operations.ts";
import type { AmendedSpec, Amendment } from "./steering.ts";

/** Steering that takes effect at an iteration and leads to a config of that name. */
const amendment = (from: number, config: string): Amendment => ({
	...{ from, set: { "training.beta": config } },
	spec: { config: { sha256: config, bytes: 1 } } as AmendedSpec,
});
const [a, b, c] = [amendment(2, "a"), amendment(3, "b"), amendment(3, "c")];
const standing = (...amendments: Amendment[]) => ({ amendments, approvals: {} });

test.each([
	["is empty", [a, b], [], [a, b]],
	["has them all, and more", [a], [a, b, c], [a, b, c]],
	["begins in the middle", [a, b], [b, c], [a, b, c]],
	["begins behind", [a], [b, c], [a, b, c]],
	["goes back to a config", [a, b], [a, b, c, b], [a, b, c, b]],
	["is all there is", [], [a, b], [a, b]],
])("where the later account %s, nothing is lost or taken twice", (_, earlier, later, joined) => {
	expect(joinStandings(standing(...earlier), standing(...later))).toEqual(standing(...joined));
});

test("approvals of both hold, and the later one's word is the last", () => {
	const earlier = { ...NO_OPERATIONS, approvals: { 1: true, 2: true } };
	const later = { ...NO_OPERATIONS, approvals: { 2: false, 3: true } };
	expect(joinStandings(earlier, later).approvals).toEqual({ 1: true, 2: false, 3: true });
});
