import { z } from "zod";
import { BATCH_DEFAULTS, judgeRules, panelRules, REPLY_FORMAT_DEFAULT } from "./judge-rules.ts";

const path = z.string().min(1);
const tokenPrice = z.number().nonnegative();

/** US dollars per million tokens. */
const price = z.strictObject({
	input: tokenPrice,
	output: tokenPrice,
	/** Prompt tokens that the server had cached; by default as dear as the others. */
	cachedInput: tokenPrice.optional(),
});
export type Price = z.infer<typeof price>;

/** A server's address. What stands before an `@` is a secret, which configs, logs and keys of calls are no place for. */
const baseURL = z
	.url({ protocol: /^https?$/, error: "an http or https URL, e.g. http://localhost:8000/v1" })
	.superRefine((url, context) => {
		if (!URL.canParse(url)) return;
		const { username, password } = new URL(url);
		if (username === "" && password === "") return;
		const mend = "Write the URL without them, and name the variable that holds the key in apiKeyEnv";
		context.addIssue({ code: "custom", message: "must not hold a user name or password", params: { mend } });
	});

/** What every judge that is a model behind an OpenAI-compatible API has. */
const modelFields = {
	/** Names the judge in verdicts, reports and `dno cost`; by default the model's name. */
	name: z.string().min(1).optional(),
	model: z.string().min(1),
	baseURL: baseURL.default("https://api.openai.com/v1"),
	/** The environment variable that holds the key; without it none is sent. */
	apiKeyEnv: z
		.string()
		.regex(
			/^[A-Z_][A-Z0-9_]*$/,
			"the NAME of an environment variable, in capitals like OPENAI_API_KEY, and not the key itself",
		)
		.optional(),
	/** The instructions to the judge: a text file; by default the rubric that comes with the kind. */
	rubric: path.optional(),
	/** Null sends none, for models that refuse it: they then have the temperature that their server gives them. */
	temperature: z.number().nonnegative().nullable().default(0),
	/** Longest reply in tokens; by default what the kind needs. */
	maxTokens: z.int().positive().optional(),
	/** Further fields of the request as the server knows them, e.g. `reasoning_effort`; none that has a key of its own here. */
	parameters: z.record(z.string(), z.json()).default({}),
	/** `json-schema` asks by `response_format`; `text` parses what comes, for servers without it. */
	replyFormat: z.enum(["json-schema", "text"]).default(REPLY_FORMAT_DEFAULT),
	/** How often each question is asked; the answers are averaged. More than one needs a temperature above 0, or the server's. */
	votes: z.int().positive().default(1),
	/** Longer candidates are cut to so many characters, visibly to the judge; by default none is. */
	maxCandidateCharacters: z.int().positive().optional(),
	/** Calls in flight, over all workers. */
	concurrency: z.int().positive().default(8),
	/** Limits over all workers; retries count. */
	requestsPerMinute: z.number().positive().optional(),
	tokensPerMinute: z.number().positive().optional(),
	timeoutSeconds: z.number().positive().default(120),
	/** Calls that one judgment may take, the failed ones included, before it ends as unjudged. */
	maxAttempts: z.int().positive().default(8),
	/** The campaign pauses after so many authentication or quota errors in a row; a batch, after nothing but such errors. */
	pauseAfterErrors: z.int().positive().default(3),
	/** Without it calls are counted and cost nothing. */
	price: price.optional(),
	/** `batch` hands calls to the server's Batch API: cheaper, and answered within a day. */
	mode: z.enum(["calls", "batch"]).default("calls"),
	batch: z
		.strictObject({
			/** Share of the price that a batched call costs. */
			priceFactor: z.number().min(0).max(1).default(BATCH_DEFAULTS.priceFactor),
			pollSeconds: z.number().positive().default(BATCH_DEFAULTS.pollSeconds),
			/** Calls a batch; what fails of them has to fit into one message of the workflow. */
			maxCalls: z.int().positive().max(2_000).default(BATCH_DEFAULTS.maxCalls),
		})
		.prefault({}),
	/** Model family of the judge, e.g. `gpt`: the report then says whether it prefers its own. */
	family: z.string().min(1).optional(),
};

const listwise = z.strictObject({ kind: z.literal("listwise"), ...modelFields });

const pairwise = z.strictObject({
	kind: z.literal("pairwise"),
	...modelFields,
	/** `text` reads a verdict; `log-probabilities` reads P(A) off the first token's `top_logprobs`, as AlpacaEval does. */
	read: z.enum(["text", "log-probabilities"]).default("text"),
	/** When the two orders disagree: a tie, no verdict, or the mean of the two (with log-probabilities the usual choice). */
	onDisagreement: z.enum(["tie", "invalid", "mean"]).default("tie"),
	/** Who meets whom: everybody, so many Swiss rounds, or a single-elimination tournament. */
	schedule: z.enum(["all", "swiss", "tournament"]).default("all"),
	/** Rounds of `swiss`; by default ⌈log₂ n⌉. */
	rounds: z.int().positive().optional(),
});

const score = z.strictObject({ kind: z.literal("score"), ...modelFields });

const verifier = z.strictObject({
	kind: z.literal("verifier"),
	/**
	 * A module that exports `verify({prompt, response, meta}) → {score, correct?, reason?}`; without `correct` the report has
	 * no accuracy.
	 */
	module: path,
	/** Prompts a judging activity. */
	chunkSize: z.int().positive().default(50),
	/** Judging activities in flight: the width of the sliding window. */
	concurrency: z.int().positive().default(4),
});

const matrix = z.strictObject({
	kind: z.literal("matrix"),
	/** A JSON file `{actions: [name, …], preferences: [[P(a ≻ b), …], …]}`; a response is the name of an action. */
	game: path,
	chunkSize: z.int().positive().default(50),
	concurrency: z.int().positive().default(4),
});

const panel = z.strictObject({
	kind: z.literal("panel"),
	judges: z
		.array(
			z.discriminatedUnion("kind", [
				listwise.superRefine(judgeRules),
				pairwise.superRefine(judgeRules),
				score.superRefine(judgeRules),
			]),
		)
		.min(2),
	/** `mean` averages P; `majority` gives 1, ½ or 0 by the number of judges on each side. */
	rule: z.enum(["mean", "majority"]).default("mean"),
});

/** US dollars that the campaign's judging may cost; it pauses there. */
const budget = z.number().nonnegative().optional();

/** The preference oracle of a campaign, or of an oracle file. */
export const oracleConfig = z.discriminatedUnion("kind", [
	verifier,
	matrix,
	listwise.extend({ budget }).superRefine(judgeRules),
	pairwise.extend({ budget }).superRefine(judgeRules),
	score.extend({ budget }).superRefine(judgeRules),
	panel.extend({ budget }).superRefine(panelRules),
]);
export type OracleConfig = z.infer<typeof oracleConfig>;
export type OracleConfigInput = z.input<typeof oracleConfig>;

/** Oracles that are programs: judged in chunks by one activity each, for nothing. */
export type ProgramConfig = Extract<OracleConfig, { kind: "verifier" | "matrix" }>;
/** Judges that are asked by calls. */
export type ListwiseConfig = z.infer<typeof listwise>;
export type PairwiseConfig = z.infer<typeof pairwise>;
export type ScoreConfig = z.infer<typeof score>;
export type ModelJudgeConfig = ListwiseConfig | PairwiseConfig | ScoreConfig;
export type PanelConfig = z.infer<typeof panel>;

export function isProgram(oracle: OracleConfig): oracle is ProgramConfig {
	return oracle.kind === "verifier" || oracle.kind === "matrix";
}

/** The judges that an oracle asks by calls: itself, or a panel's members; none for a program. */
export function modelJudges(oracle: OracleConfig): ModelJudgeConfig[] {
	if (isProgram(oracle)) return [];
	if (oracle.kind === "panel") return oracle.judges;
	const { budget: _, ...judge } = oracle;
	return [judge];
}

/** What a judge is called in verdicts, reports and `dno cost`; unique within an oracle. */
export function judgeName(judge: ModelJudgeConfig): string {
	return judge.name ?? judge.model;
}
