import { z } from "zod";
import { campaignConfig } from "./config.ts";
import { trustFigures } from "./trust.ts";

const rate = z.number().min(0).max(1);

/** One policy of one line, evaluated on the held-out prompts. Rates are in [0, 1]; ties count half. */
const reportPoint = z.strictObject({
	/** 0 is the initial policy π_1. */
	iteration: z.int().nonnegative(),
	/** Against the teacher's answers. */
	winRate: rate,
	/** 95 % interval of `winRate`, over prompts. */
	low: rate,
	high: rate,
	/** Share of comparisons with the teacher that tied. */
	ties: rate,
	winRateAgainstInitial: rate,
	winRateAgainstInitialLow: rate,
	winRateAgainstInitialHigh: rate,
	/** Share of right answers, with its 95 % interval; absent where the oracle does not say what is right. */
	accuracy: rate.optional(),
	accuracyLow: rate.optional(),
	accuracyHigh: rate.optional(),
	/** Win rate against the teacher on the validation prompts: what the best policy is chosen by. */
	validationWinRate: rate,
	/** Held-out prompts that were judged; of several seeds, those that were judged for each. */
	n: z.int().positive(),
	/**
	 * Held-out prompts whose verdict could not be read, and those that got none; they are in no rate. Of several seeds
	 * the sums.
	 */
	invalid: z.int().nonnegative(),
	unjudged: z.int().nonnegative(),
	/** The same of the validation prompts. */
	validationInvalid: z.int().nonnegative(),
	validationUnjudged: z.int().nonnegative(),
});
export type ReportPoint = z.infer<typeof reportPoint>;

/** Of win rates, prompt by prompt, with its 95 % interval over prompts; in [−1, 1]. */
const difference = z.strictObject({ mean: z.number(), low: z.number(), high: z.number(), n: z.int() });

export const reportLine = z.strictObject({
	name: z.string(),
	points: z.array(reportPoint),
	/**
	 * DNO's win rate minus this line's after the last iteration. Absent for DNO itself, before the first iteration, and where no prompt was judged for both.
	 */
	dnoAhead: difference.optional(),
	/** DNO's win rate minus its own one iteration before, likewise; absent for the other lines. */
	lastStep: difference.optional(),
});
export type ReportLine = z.infer<typeof reportLine>;

const pairCounts = z.strictObject({
	teacherOverStudent: z.int().nonnegative(),
	studentOverTeacher: z.int().nonnegative(),
	studentOverStudent: z.int().nonnegative(),
	replayed: z.int().nonnegative(),
});
export type PairCounts = z.infer<typeof pairCounts>;

/** What became of the prompts whose answers were sent to the oracle. */
const verdictCounts = z.strictObject({
	prompts: z.int().nonnegative(),
	judged: z.int().nonnegative(),
	invalid: z.int().nonnegative(),
	unjudged: z.int().nonnegative(),
	/** Share of candidate comparisons that tied. */
	ties: rate,
});
export type VerdictCounts = z.infer<typeof verdictCounts>;

const lossPoint = z.strictObject({ step: z.int().nonnegative(), loss: z.number(), gradNorm: z.number() });

const reportIteration = z.strictObject({
	iteration: z.int().positive(),
	pairs: pairCounts,
	/** Of DNO's candidates. */
	verdicts: verdictCounts,
	/** Of the teacher's answers, the offline baselines' preference set, by line name. */
	offlineVerdicts: z.record(z.string(), verdictCounts),
	/** The checkpoint that was the reference π_t of this iteration (promise 6), and the policy that came out. */
	reference: z.strictObject({ iteration: z.int().nonnegative(), sha256: z.string() }),
	policy: z.strictObject({ iteration: z.int().positive(), sha256: z.string(), folder: z.string() }),
	steps: z.int().nonnegative(),
	/** Training curves by line name. */
	losses: z.record(z.string(), z.array(lossPoint)),
	seconds: z.strictObject({
		sample: z.number(),
		judge: z.number(),
		train: z.number(),
		evaluate: z.number(),
		/** Training and evaluating the other lines. */
		baselines: z.number(),
	}),
});
export type ReportIteration = z.infer<typeof reportIteration>;

const judgedText = z.strictObject({
	text: z.string(),
	correct: z.boolean().optional(),
	/** The verifier's words on what is wrong, empty when nothing is. */
	reason: z.string(),
});

/** One held-out prompt whose first sample changed between the initial and the last policy. */
const reportExample = z.strictObject({
	prompt: z.string(),
	teacher: judgedText,
	before: judgedText,
	after: judgedText,
	/** `fixed`: wrong before, right after. `broken`: the reverse. */
	change: z.enum(["fixed", "broken"]),
});
export type ReportExample = z.infer<typeof reportExample>;

/** report.json: every figure the page shows. */
export const report = z.strictObject({
	schemaVersion: z.literal(1),
	campaign: z.strictObject({
		name: z.string(),
		id: z.string(),
		status: z.enum(["running", "finished", "stopped"]),
		engine: z.string(),
		/** ISO 8601. */
		startedAt: z.string(),
		updatedAt: z.string(),
		/** Seeds averaged over; one for a single campaign. */
		seeds: z.array(z.int().nonnegative()),
		/** Iteration whose policy did best on the validation prompts; 0 is the initial policy. */
		best: z.int().nonnegative(),
	}),
	config: campaignConfig,
	/** Config keys that operators changed while it ran, and from which iteration on. */
	steering: z.array(z.strictObject({ from: z.int().positive(), set: z.record(z.string(), z.json()) })).optional(),
	lines: z.array(reportLine),
	iterations: z.array(reportIteration),
	examples: z.array(reportExample),
	/** How many held-out prompts changed in each direction, shown in `examples` or not. */
	changes: z.strictObject({ fixed: z.int().nonnegative(), broken: z.int().nonnegative() }),
	/**
	 * How far the oracle can be trusted, by its verdicts on DNO's candidates: its own figures and, of a panel, each judge's.
	 * Absent where the oracle is a program; of several seeds the first one's.
	 */
	trust: z.array(trustFigures).optional(),
	/** What the figures say and do not say, in sentences made from the figures. */
	findings: z.array(z.string()),
});
export type Report = z.infer<typeof report>;
