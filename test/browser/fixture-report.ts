import { campaignConfig } from "../../core/config.ts";
import { LINES } from "../../core/events.ts";
import { createRandom, type Random } from "../../core/random.ts";
import { type Report, type ReportExample, type ReportIteration, type ReportPoint, report } from "../../core/report.ts";
import type { TrustFigures } from "../../core/trust.ts";

/**
 * A made-up report for the page's tests. Its figures are drawn from a seeded generator to look plausible; no model was
 * trained for them, and they are no result of anything.
 */
export function fixtureReport(overrides: Partial<Report> = {}, iterations = 6): Report {
	const random = createRandom(7);
	const done = Array.from({ length: iterations }, (_, i) => i + 1);
	const made: Report = {
		schemaVersion: 1,
		campaign: {
			name: "fixture-geometry",
			id: "fixture-geometry-0",
			status: "finished",
			engine: "onnx, 2 threads (fixture: made-up figures)",
			startedAt: "2026-03-14T09:26:53.000Z",
			updatedAt: "2026-03-14T09:32:41.000Z",
			seeds: [0],
			best: 5,
		},
		config: fixtureConfig(),
		lines: [
			{ name: LINES.dno, points: points(random, [0.412, 0.535, 0.588, 0.617, 0.634, 0.648, 0.655], 0.68, 0.95) },
			{ name: LINES.sft, points: points(random, [0.412, 0.431, 0.44, 0.452, 0.455, 0.449, 0.458], 0.68, 0.73) },
			{ name: LINES.offlineDpo, points: points(random, [0.412, 0.51, 0.549, 0.56, 0.572, 0.566, 0.561], 0.68, 0.86) },
			{ name: LINES.offlineKto, points: points(random, [0.412, 0.48, 0.522, 0.541, 0.548, 0.559, 0.552], 0.68, 0.84) },
		],
		iterations: done.map((t) => iteration(random, t)),
		examples: examples(),
		changes: { fixed: 171, broken: 14 },
		...(iterations > 0 && { trust: [trust()] }),
		findings: [
			"These figures are made up for the page's tests; no model was trained for them.",
			"Continued SFT ends at 45.8 % (95 % interval 43.3 % to 48.3 %): DNO is above it, with separated intervals.",
			"DNO was still rising in the last iteration: problem by problem the change is +0.7 points (95 % interval +0.2 to +1.2).",
		],
		...overrides,
	};
	return report.parse(made);
}

/** The same campaign before anything is finished. */
export function emptyReport(): Report {
	const { campaign } = fixtureReport();
	return fixtureReport(
		{
			campaign: { ...campaign, status: "running", best: 0 },
			lines: Object.values(LINES).map((name) => ({ name, points: [] })),
			examples: [],
			changes: { fixed: 0, broken: 0 },
			findings: [],
		},
		0,
	);
}

/** The same campaign while it runs: `done` iterations are finished. */
export function runningReport(done: number): Report {
	const { campaign, lines } = fixtureReport();
	return fixtureReport(
		{
			campaign: { ...campaign, status: "running", best: done },
			lines: lines.map(({ name, points }) => ({ name, points: points.slice(0, done + 1) })),
			findings: [],
		},
		done,
	);
}

/** The fixture as an oracle that ranks answers, and does not say which are right, would leave it. */
export function rankingReport(): Report {
	const { lines } = fixtureReport();
	return fixtureReport({
		lines: lines.map((line) => ({
			...line,
			points: line.points.map(({ accuracy: _, accuracyLow: _low, accuracyHigh: _high, ...point }) => point),
		})),
		examples: [],
		changes: { fixed: 0, broken: 0 },
	});
}

/** Three campaigns put together. */
export function severalSeedsReport(): Report {
	const { campaign } = fixtureReport();
	return fixtureReport({ campaign: { ...campaign, seeds: [0, 1, 2] } });
}

/** A judge that prefers what it reads first, and nothing else. */
function trust(): TrustFigures {
	const figure = (value: number, low: number, high: number, n = 2400, of = n) => ({ value, low, high, n, of });
	return {
		...{ judge: "made-up-judge", family: "made-up", prompts: 2400, questions: 4800 },
		figures: {
			swapAgreement: figure(0.714, 0.696, 0.732),
			firstPlace: figure(0.583, 0.563, 0.603, 2386, 4641),
			longer: figure(0.507, 0.487, 0.527, 2290),
			ownFamily: figure(0.49, 0.47, 0.51, 2311),
			ties: figure(0.286, 0.268, 0.304),
			questionTies: figure(0.033, 0.027, 0.041, 2400, 4800),
			invalid: figure(0.004, 0.002, 0.008),
			questionsInvalid: figure(0.006, 0.004, 0.01, 2400, 4800),
			unjudged: figure(0, 0, 0.002),
			questionsUnjudged: figure(0, 0, 0.002, 2400, 4800),
		},
	};
}

function points(random: Random, rates: readonly number[], accuracyFrom: number, accuracyTo: number): ReportPoint[] {
	return rates.map((winRate, t) => {
		const share = 1 - 0.42 ** t;
		const accuracy =
			t === 0 ? accuracyFrom : accuracyFrom + (accuracyTo - accuracyFrom) * share + (random() - 0.5) / 60;
		const against = t === 0 ? 0.5 : 0.5 + (winRate - 0.412) * 0.85;
		return {
			iteration: t,
			winRate,
			low: winRate - 0.025,
			high: winRate + 0.025,
			ties: 0.5 - 0.2 * Math.abs(winRate - 0.5),
			winRateAgainstInitial: against,
			winRateAgainstInitialLow: against - (t === 0 ? 0.012 : 0.022),
			winRateAgainstInitialHigh: against + (t === 0 ? 0.012 : 0.022),
			accuracy,
			accuracyLow: accuracy - 0.026,
			accuracyHigh: Math.min(1, accuracy + 0.026),
			validationWinRate: winRate + (random() - 0.5) / 30,
			n: 600,
			invalid: t === 2 ? 1 : 0,
			unjudged: t === 3 ? 2 : 0,
			validationInvalid: t === 4 ? 3 : 0,
			validationUnjudged: t === 5 ? 4 : 0,
		};
	});
}

function iteration(random: Random, t: number): ReportIteration {
	const curve = (from: number, to: number) =>
		Array.from({ length: 90 }, (_, i) => ({
			step: i + 1,
			loss: to + (from - to) * Math.exp(-i / 25) + (random() - 0.5) * 0.12,
			gradNorm: 0.6 + random() * 0.8 + Math.exp(-i / 9),
		}));
	return {
		iteration: t,
		pairs: {
			teacherOverStudent: Math.round(360 * 0.72 ** t + random() * 12),
			studentOverTeacher: Math.round(60 + 90 * (1 - 0.6 ** t) + random() * 12),
			studentOverStudent: Math.round(420 * 0.8 ** t + random() * 20),
			replayed: t === 1 ? 0 : Math.round(90 + 40 * random()),
		},
		verdicts: { prompts: 400, judged: 400 - t, invalid: t % 3, unjudged: t === 2 ? 9 : 0, ties: 0.4 + 0.05 * t },
		offlineVerdicts: {
			[LINES.offlineDpo]: { prompts: 400, judged: 388, invalid: 5, unjudged: 7, ties: 0.6 },
			[LINES.offlineKto]: { prompts: 400, judged: 388, invalid: 5, unjudged: 7, ties: 0.6 },
		},
		reference: { iteration: t - 1, sha256: hash(t - 1) },
		policy: { iteration: t, sha256: hash(t), folder: `policies/dno-${t}` },
		steps: 90,
		losses: {
			[LINES.dno]: curve(0.69, 0.4),
			[LINES.sft]: curve(0.5, 0.38),
			[LINES.offlineDpo]: curve(0.69, 0.3),
			[LINES.offlineKto]: curve(0.5, 0.34),
		},
		seconds: {
			sample: 6 + random() * 2,
			judge: 0.8 + random() / 2,
			train: 11 + random() * 3,
			evaluate: 5 + random(),
			baselines: 31 + random() * 5,
		},
	};
}

function hash(t: number): string {
	const random = createRandom(100 + t);
	return Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join("");
}

function examples(): ReportExample[] {
	const random = createRandom(11);
	const whole = (low: number, high: number) => low + Math.floor(random() * (high - low));
	return Array.from({ length: 34 }, (_, i): ReportExample => {
		const [side, perimeter, height] = [whole(4, 30), whole(70, 160) * 2, whole(3, 20)];
		const half = perimeter / 2;
		const other = half - side;
		const right = `${perimeter}/2=${half}; ${half}-${side}=${other}; ${other}*${height}=${other * height}; #${other * height}`;
		const slip = other + (i % 2 === 0 ? 10 : -1);
		const wrong =
			i % 3 === 0
				? `${perimeter}/2=${half}; ${half}-${side}=${slip}; ${slip}*${height}=${slip * height}; #${slip * height}`
				: `${perimeter}/2=${half}; ${half}-${side}=${other}; ${other}*${height}=${slip * height}; #${slip * height}`;
		const good = { text: right, correct: true, reason: "" };
		const bad = { text: wrong, correct: false, reason: `the answer is ${slip * height}, expected ${other * height}` };
		const change = i % 5 === 4 ? "broken" : "fixed";
		return {
			prompt: `A rectangle has a perimeter of ${perimeter} cm and one side of ${side} cm. The other side is the base of a prism's face that is ${height} cm high. What is the area of that face?`,
			teacher: i % 4 === 1 ? bad : good,
			before: change === "fixed" ? bad : good,
			after: change === "fixed" ? good : bad,
			change,
		};
	});
}

function fixtureConfig(): Report["config"] {
	return campaignConfig.parse({
		name: "fixture-geometry",
		iterations: 6,
		policy: { model: "model" },
		prompts: { train: "train.jsonl", validation: "validation.jsonl", heldOut: "held-out.jsonl", perIteration: 400 },
		sampling: { samples: 5, maxTokens: 48 },
		oracle: { kind: "verifier", module: "verifier.ts" },
		pairs: { maxPerPrompt: 2, replay: [0.3, 0.15] },
		training: { learningRate: 1e-4, nllWeight: 2, epochs: 2 },
		baselines: { sft: {}, offlineDpo: {}, offlineKto: { learningRate: 5e-5 } },
		evaluation: { samples: 2 },
		engine: { kind: "onnx" },
	});
}

/** Text that a model might emit and that must stay text. */
export const HOSTILE =
	"<script>window.pwned=1</script><!--<script>\"'><img src=x onerror=window.pwned=1>]]></style></title>&lt;b&gt;";

/** The fixture with hostile text in every place that holds free text. */
export function hostileReport(): Report {
	const made = fixtureReport();
	const judged = { text: `${HOSTILE}; #1`, correct: false, reason: HOSTILE };
	return {
		...made,
		campaign: { ...made.campaign, name: HOSTILE, id: HOSTILE, engine: HOSTILE, startedAt: HOSTILE },
		config: { ...made.config, policy: { model: HOSTILE } },
		lines: made.lines.map((line, i) => (i === 3 ? { ...line, name: HOSTILE } : line)),
		iterations: made.iterations.map((row) => ({
			...row,
			reference: { ...row.reference, sha256: HOSTILE },
			policy: { ...row.policy, folder: HOSTILE },
			losses: { ...row.losses, [HOSTILE]: row.losses[LINES.dno]! },
		})),
		examples: [
			{ prompt: HOSTILE, teacher: judged, before: judged, after: { ...judged, text: "1; #2" }, change: "fixed" },
			{
				prompt: HOSTILE,
				teacher: judged,
				before: { ...judged, text: "a b" },
				after: { ...judged, text: `${HOSTILE.replaceAll(";", "")}` },
				change: "broken",
			},
		],
		trust: made.trust!.map((figures) => ({ ...figures, judge: HOSTILE, family: HOSTILE })),
		findings: [HOSTILE],
	};
}
