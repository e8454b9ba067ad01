import { z } from "zod";

/** Version written into every record; a reader refuses what it does not know. */
export const SCHEMA_VERSION = 1;

const version = z.literal(SCHEMA_VERSION);
const tokens = z.array(z.int().nonnegative());

/** A content-addressed artifact in the store: lower-case hex sha256 of its bytes. */
export const artifactRef = z.strictObject({
	sha256: z.string().regex(/^[0-9a-f]{64}$/),
	bytes: z.int().nonnegative(),
});
export type ArtifactRef = z.infer<typeof artifactRef>;

/** One line of a prompts file, as the user writes it. */
export const prompt = z.strictObject({
	id: z.string().min(1),
	prompt: z.string().min(1),
	/** The teacher's answer: a candidate in every ranking, and the opponent of the chart's win rate. */
	gold: z.string().min(1),
	/** Further teacher answers: the fixed preference set of the offline baselines. */
	answers: z.array(z.string().min(1)).optional(),
	/** Whatever the verifier needs to know about the prompt. */
	meta: z.json().optional(),
});
export type Prompt = z.infer<typeof prompt>;

/** A candidate answer to a prompt: a sample of the policy, or the teacher's. */
export const response = z.strictObject({
	schemaVersion: version,
	promptId: z.string(),
	/** 0 … K−1 for samples; the teacher's answers count separately from 0. */
	index: z.int().nonnegative(),
	source: z.enum(["student", "teacher"]),
	text: z.string(),
	/** The ids that were sampled: text does not always encode back to the tokens it came from. */
	tokens,
	finishReason: z.enum(["stop", "length", "repetition"]),
	/** log π(y|x) in nats under the policy that sampled it; absent for the teacher's. */
	logProbability: z.number().optional(),
	seed: z.int().nonnegative().optional(),
});
export type Response = z.infer<typeof response>;

/** All candidates of one prompt: what one listwise verdict is given on. */
export const candidateGroup = z.strictObject({
	schemaVersion: version,
	promptId: z.string(),
	prompt: z.string(),
	promptTokens: tokens,
	responses: z.array(response),
	meta: z.json().optional(),
});
export type CandidateGroup = z.infer<typeof candidateGroup>;

const probability = z.number().min(0).max(1);

/** What one reply of a judge says of the candidates it was shown. */
export const reading = z.discriminatedUnion("kind", [
	/** Of a list: a score and a justification each, in the order shown. */
	z.strictObject({ kind: z.literal("scores"), scores: z.array(z.number()), reasons: z.array(z.string()) }),
	/** Of two: P(the first shown ≻ the second shown); 1, ½ or 0 from text verdicts. */
	z.strictObject({ kind: z.literal("choice"), first: probability, reason: z.string() }),
	/** Of one: its rating. */
	z.strictObject({ kind: z.literal("rating"), score: z.number(), reason: z.string() }),
]);
export type Reading = z.infer<typeof reading>;

/** One question to a judge that is part of a verdict. */
const asked = z.strictObject({
	/** sha256 of everything that determines the reply; the verdict store has the raw reply under it. */
	key: z.string(),
	judge: z.string(),
	/** The candidates that were shown, by their index, in the order they were shown in. */
	shown: z.array(z.int().nonnegative()),
	vote: z.int().nonnegative(),
	outcome: z.union([
		reading,
		/** The judge answered, but with no verdict. */
		z.strictObject({
			kind: z.literal("invalid"),
			reason: z.string(),
			/** What it answered, with what that cost. */
			text: artifactRef.optional(),
		}),
		/** It could not be asked. */
		z.strictObject({ kind: z.literal("unjudged"), reason: z.string() }),
	]),
});
export type Asked = z.infer<typeof asked>;

const verdictBase = {
	schemaVersion: version,
	/**
	 * sha256 of everything that determines the verdict: judge, prompt and candidates. Pairs name their verdict by it; the
	 * store finds verdicts by the chunk that they were judged in.
	 */
	key: z.string(),
	promptId: z.string(),
	judge: z.string(),
	/** Number of candidates shown, and the order they were shown in. */
	order: z.array(z.int().nonnegative()),
	/** What was asked of models, and what they said; absent for programs. */
	asked: z.array(asked).optional(),
};

/** P(y_i ≻ y_j), shape [n][n]: P_ij + P_ji = 1, the diagonal ½; null where the two were not compared or that failed. */
export const preferences = z.array(z.array(probability.nullable()));
export type Preferences = readonly (readonly (number | null)[])[];

/** What a preference oracle said of one prompt's candidates. Only `scores` and `preferences` are judgments. */
export const verdict = z.discriminatedUnion("kind", [
	z.strictObject({
		...verdictBase,
		kind: z.literal("scores"),
		scores: z.array(z.number()),
		/** What is wrong with each candidate, in the judge's words; empty where nothing is. */
		reasons: z.array(z.string()),
		/** Whether each candidate is right, from judges that know. */
		correct: z.array(z.boolean()).optional(),
	}),
	z.strictObject({
		...verdictBase,
		kind: z.literal("preferences"),
		preferences,
		reasons: z.array(z.string()),
		correct: z.array(z.boolean()).optional(),
	}),
	/** The oracle answered, but with something that is no verdict: never trained on, never a loss (promise 1). */
	z.strictObject({ ...verdictBase, kind: z.literal("invalid"), reason: z.string() }),
	/** The oracle could not be asked or failed: never trained on, never a loss (promise 1). */
	z.strictObject({ ...verdictBase, kind: z.literal("unjudged"), reason: z.string() }),
]);
export type Verdict = z.infer<typeof verdict>;
/** A verdict that is one. */
export type Judgment = Extract<Verdict, { kind: "scores" | "preferences" }>;

export function isJudgment(verdict: Verdict | undefined): verdict is Judgment {
	return verdict?.kind === "scores" || verdict?.kind === "preferences";
}

export const pairSource = z.enum(["T>S", "S>T", "S>S", "T>T"]);
/** Whether the teacher (T) or the student (S) wrote the chosen and the rejected answer. */
export type PairSource = z.infer<typeof pairSource>;

/** A preference pair: TRL's explicit-prompt preference format with columns of our own beside it. */
export const pair = z.strictObject({
	schemaVersion: version,
	promptId: z.string(),
	prompt: z.string(),
	chosen: z.string(),
	rejected: z.string(),
	promptTokens: tokens,
	chosenTokens: tokens,
	rejectedTokens: tokens,
	/** r̂ of Algorithm 2, step 3, in [0, 1]. */
	chosenWinRate: z.number().min(0).max(1),
	rejectedWinRate: z.number().min(0).max(1),
	/** chosenWinRate − rejectedWinRate. */
	margin: z.number(),
	source: pairSource,
	/** Key of the verdict the pair rests on. */
	verdict: z.string(),
	/** Iteration whose samples made the pair; older ones are replayed. */
	iteration: z.int().positive(),
});
export type Pair = z.infer<typeof pair>;

/** A policy in the store: the files of a Hugging Face folder by name. */
export const policy = z.strictObject({
	schemaVersion: version,
	files: z.record(z.string(), artifactRef),
});
export type Policy = z.infer<typeof policy>;

const judgedAnswer = z.strictObject({
	text: z.string(),
	/** Absent where the oracle ranks answers without saying which are right. */
	correct: z.boolean().optional(),
	reason: z.string(),
});

/** How one held-out prompt came out: what win rates, accuracies and the before/after view are made from. */
export const evaluationRow = z.strictObject({
	schemaVersion: version,
	promptId: z.string(),
	prompt: z.string(),
	teacher: judgedAnswer,
	samples: z.array(
		judgedAnswer.extend({
			/** P(y ≻ the teacher's answer): 1, ½ or 0. */
			againstTeacher: z.number(),
			/** Mean P(y ≻ y') over the initial policy's samples y' that were drawn with other random numbers than y. */
			againstInitial: z.number(),
		}),
	),
});
export type EvaluationRow = z.infer<typeof evaluationRow>;
