import { expect, test } from "vitest";
import type { JudgeCall } from "../../../core/judge-calls.ts";
import { openOracle } from "../../testing/open-oracle.ts";
import { answers, fairJudge, play } from "../../testing/play-judge.ts";
import type { Outcome } from "./judge.ts";

const group = answers("a", "bb");
const longer = fairJudge(group, (text) => text.length);
const shorter = fairJudge(group, (text) => 3 - text.length);
const failed: Outcome = { kind: "unjudged", reason: "503" };

const judges = [
	{ kind: "listwise", model: "x" },
	{ kind: "pairwise", model: "y" },
	{ kind: "score", model: "y", name: "z" },
];

/** Of x, y and z. */
function panel(rule: string, ...members: ((call: JudgeCall) => Outcome)[]) {
	const member = ({ judge }: JudgeCall) => members["xyz".indexOf(judge)]!;
	return play(openOracle({ kind: "panel", rule, judges }), group, (call) => member(call)(call));
}

test("all judges are asked, and what each said is kept", () => {
	const { verdict, rounds } = panel("mean", longer, longer, shorter);
	expect(rounds[0]!.map(({ judge }) => judge)).toEqual(["x", "y", "y", "z", "z"]);
	expect(verdict).toMatchObject({ judge: "panel", kind: "preferences" });
	expect(verdict.asked!.map(({ judge }) => judge)).toEqual(["x", "y", "y", "z", "z"]);
	expect(verdict).toMatchObject({ reasons: ["x: worth 1\ny: It is too short.\nz: worth 2", "x: worth 2\nz: worth 1"] });
});

test("P is the judges' mean, or what most of them say", () => {
	const p = (rule: string, ...members: ((call: JudgeCall) => Outcome)[]) => {
		const { verdict } = panel(rule, ...members);
		return verdict.kind === "preferences" ? verdict.preferences[1]![0] : verdict.kind;
	};
	expect(p("mean", longer, longer, shorter)).toBeCloseTo(2 / 3, 12);
	expect(p("majority", longer, longer, shorter)).toBe(1);
	expect(p("majority", longer, () => failed, shorter)).toBe(0.5);
	expect(
		p(
			"mean",
			longer,
			() => failed,
			() => failed,
		),
	).toBe(1);
	expect(
		p(
			"mean",
			() => failed,
			() => failed,
			() => failed,
		),
	).toBe("unjudged");
});

test("what two judges would ask the same server in the same words is asked once, and counts for both", () => {
	const twins = ["x", "y"].map((name) => ({ kind: "score", model: "m", name }));
	const { verdict, rounds } = play(openOracle({ kind: "panel", judges: twins }), group, longer);
	expect(rounds[0]).toHaveLength(2);
	expect(verdict.asked!.map(({ judge }) => judge)).toEqual(["x", "x", "y", "y"]);
});
