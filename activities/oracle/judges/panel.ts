import { PANEL } from "../../../core/judge-rules.ts";
import type { PanelConfig } from "../../../core/oracle-config.ts";
import { type Asked, type CandidateGroup, isJudgment, type Preferences, type Verdict } from "../../../core/records.ts";
import { preferencesOf } from "../../../core/rewards.ts";
import { mean } from "../../../core/statistics.ts";
import { hashJson } from "../../store/hash-json.ts";
import type { Comparisons, Known, ModelJudge } from "./judge.ts";
import { askedOf, failure, isEmpty, verdictBase } from "./model-judge.ts";

/**
 * Several judges, each asked as if it were alone. P(y_i ≻ y_j) is the mean over the judges that compared the two, or with
 * `majority` 1, ½ or 0 by how many of them have P above and below ½; null where none did. What each said stays in `asked`.
 */
export function createPanel(rule: PanelConfig["rule"], judges: readonly ModelJudge[]): Omit<ModelJudge, "settings"> {
	const fingerprint = hashJson({ kind: PANEL, rule, judges: judges.map((judge) => judge.fingerprint) });
	return {
		name: PANEL,
		fingerprint,
		calls(group, comparisons, known) {
			const calls = judges.flatMap((judge) => judge.calls(group, comparisons, known));
			// What two judges would ask the same server in the same words is asked once.
			return [...new Map(calls.map((call) => [call.key, call])).values()];
		},
		verdict(group: CandidateGroup, comparisons: Comparisons, known: Known): Verdict {
			const verdicts = judges.map((judge) => judge.verdict(group, comparisons, known));
			const asked: Asked[] = verdicts.flatMap((verdict) => verdict.asked ?? []);
			const base = { ...verdictBase(PANEL, fingerprint, group, comparisons), ...askedOf(asked) };
			const judgments = verdicts.filter(isJudgment);
			const preferences = combine(group.responses.length, judgments.map(preferencesOf), rule);
			const reasons = group.responses.map((_, i) =>
				judgments
					.filter((judgment) => judgment.reasons[i] !== "")
					.map((judgment) => `${judgment.judge}: ${judgment.reasons[i]}`)
					.join("\n"),
			);
			const finding = { kind: "preferences", preferences, reasons } as const;
			return isEmpty(finding) ? { ...base, ...failure(asked) } : { ...base, ...finding };
		},
	};
}

/** One P of shape [n][n] from several. */
function combine(n: number, given: readonly Preferences[], rule: PanelConfig["rule"]): (number | null)[][] {
	const p = Array.from({ length: n }, () => new Array<number | null>(n).fill(0.5));
	for (let i = 0; i < n; i++) {
		for (let j = 0; j < i; j++) {
			const known = given.map((preferences) => preferences[i]![j]!).filter((each) => each !== null);
			const between = known.length === 0 ? null : rule === "mean" ? mean(known) : majority(known);
			p[i]![j] = between;
			p[j]![i] = between === null ? null : 1 - between;
		}
	}
	return p;
}

function majority(known: readonly number[]): number {
	const lead = known.reduce((sum, p) => sum + Math.sign(p - 0.5), 0);
	return (1 + Math.sign(lead)) / 2;
}
