import type { ReportPoint } from "../core/report.ts";

export type MetricKey = "teacher" | "initial" | "accuracy";

/** One of the three figures a policy is judged by, and where report.json keeps it. */
export interface Metric {
	readonly key: MetricKey;
	readonly title: string;
	/** What a reader must know to read the chart. */
	readonly caption: string;
	/** Where two policies are equal; undefined where there is no such level. */
	readonly even: { readonly rate: number; readonly label: string } | undefined;
	/** Undefined where the point has no such figure. */
	readonly read: (
		point: ReportPoint,
	) => { readonly value: number; readonly low: number; readonly high: number } | undefined;
}

export const METRICS: Readonly<Record<MetricKey, Metric>> = {
	teacher: {
		key: "teacher",
		title: "Win rate against the teacher",
		caption: "Share of held-out comparisons that the policy's answer wins over the teacher's; ties count half.",
		even: { rate: 0.5, label: "as good as the teacher" },
		read: (p) => ({ value: p.winRate, low: p.low, high: p.high }),
	},
	initial: {
		key: "initial",
		title: "Win rate against the initial policy",
		caption: "The same, with the initial policy's answers as the opponent.",
		even: { rate: 0.5, label: "as good as the initial policy" },
		read: (p) => ({
			value: p.winRateAgainstInitial,
			low: p.winRateAgainstInitialLow,
			high: p.winRateAgainstInitialHigh,
		}),
	},
	accuracy: {
		key: "accuracy",
		title: "Accuracy",
		caption: "Share of held-out answers that the oracle finds right.",
		even: undefined,
		read: (p) =>
			p.accuracy === undefined ? undefined : { value: p.accuracy, low: p.accuracyLow!, high: p.accuracyHigh! },
	},
};

/** The metrics that any point has: an oracle that does not say what is right gives no accuracy. */
export function shownMetrics(lines: readonly { readonly points: readonly ReportPoint[] }[]): readonly Metric[] {
	const points = lines.flatMap((line) => line.points);
	return Object.values(METRICS).filter((metric) => points.some((point) => metric.read(point) !== undefined));
}
